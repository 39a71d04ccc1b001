//! Faults that kcons once had, each with what happened and a test that was red before it was fixed.
//!
//! One file a subject; every test says first what went wrong.

mod support;

mod regression {
    pub mod bounds;
    pub mod ends;
    pub mod groups;
    pub mod handlers;
    pub mod resources;
    pub mod settings;
}

use regression::{bounds, ends, groups, handlers, resources, settings};

fn main() -> std::process::ExitCode {
    support::harness::run_modules(
        "regression",
        &[
            ("ends", ends::TESTS),
            ("groups", groups::TESTS),
            ("handlers", handlers::TESTS),
            ("bounds", bounds::TESTS),
            ("resources", resources::TESTS),
            ("settings", settings::TESTS),
        ],
    )
}
