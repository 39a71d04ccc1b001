//! The test runner of the suites on a real Kafka: without Java their tests are listed as ignored and it is said why.
#![expect(clippy::print_stderr, reason = "a test runner talks to people itself")]

use std::cell::RefCell;
use std::env;
use std::panic::{self, UnwindSafe};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use super::install;

/// A test and its name.
pub type Test = (&'static str, fn());

/// The tests of the suite: `tests![module::name, …]`, one a line.
#[macro_export]
macro_rules! tests {
    ($($test:path),* $(,)?) => {
        &[$((stringify!($test), $test as fn())),*]
    };
}

// Brokers and the program share the cores with the tests.
const THREADS: usize = 4;

/// The tests of a file, and its name.
pub type Module = (&'static str, &'static [Test]);

/// Runs the tests of one suite that the arguments ask for; their names are `SUITE::MODULE::NAME`.
pub fn run_modules(suite: &str, modules: &[Module]) -> ExitCode {
    let named = |(module, tests): &Module| {
        let name =
            move |(name, test): &Test| (format!("{suite}::{module}::{}", name.replace(' ', "")), *test);
        tests.iter().map(name).collect::<Vec<_>>()
    };
    run_named(suite, modules.iter().flat_map(named).collect())
}

/// Runs the tests that the arguments ask for; their names are `real::NAME`.
pub fn run(tests: &'static [Test]) -> ExitCode {
    run_named(
        "real",
        tests.iter().map(|(name, test)| (format!("real::{}", name.replace(' ', "")), *test)).collect(),
    )
}

fn run_named(suite: &str, tests: Vec<(String, fn())>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(THREADS));
    let missing = install::missing();
    let is_required = env::var_os("KCONS_REQUIRE_KAFKA").is_some_and(|value| value == "1");
    if let Some(missing) = &missing {
        let count = tests.len();
        let what = format!("real Kafka: all {count} tests of this suite ({suite}::*) need {missing}");
        if is_required {
            eprintln!("{what}, and KCONS_REQUIRE_KAFKA=1 does not let them be left out");
            return ExitCode::FAILURE;
        }
        if !arguments.list {
            eprintln!("{what}: left out");
        }
    }
    panic::set_hook(Box::new(remember_place));
    let trial = |(name, test): (String, fn())| {
        Trial::test(name, move || run_one(test)).with_ignored_flag(missing.is_some())
    };
    libtest_mimic::run(&arguments, tests.into_iter().map(trial).collect()).exit_code()
}

thread_local! {
    /// Where a panic of this thread happened and what it said.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn run_one(test: impl FnOnce() + UnwindSafe) -> Result<(), Failed> {
    panic::catch_unwind(test).map_err(|_| PANIC.take().unwrap_or_else(|| "panicked".to_owned()).into())
}

/// Keeps the words for the list of failures at the end; a panic of a helper thread is not seen there, so it is said.
fn remember_place(panic: &panic::PanicHookInfo<'_>) {
    let payload = panic.payload();
    let formatted = payload.downcast_ref::<String>().map(String::as_str);
    let words = formatted.or(payload.downcast_ref::<&str>().copied()).unwrap_or("panicked");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let text = format!("{place}: {words}");
    if std::thread::current().name().is_some_and(|name| name != "main") {
        eprintln!("{text}");
    }
    PANIC.set(Some(text));
}
