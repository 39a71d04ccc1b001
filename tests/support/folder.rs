//! Folders and names that no other test has.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, process};

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// The folder under `target` that everything the tests write goes to.
pub fn base() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// Makes a folder of the test's own, removed when the value is dropped.
pub fn own_folder() -> tempfile::TempDir {
    fs::create_dir_all(base()).expect("the target folder can be written");
    tempfile::Builder::new().prefix("test-").tempdir_in(base()).expect("the target folder can be written")
}

/// Makes a name that no other test of this or an earlier run has, for topics and groups.
pub fn unique_name(prefix: &str) -> String {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_millis();
    format!("{prefix}-{}-{}-{}", time % 1_000_000_000, process::id(), COUNTER.fetch_add(1, Relaxed))
}

/// Makes the folder of one broker; its name tells whose it is.
pub fn broker_folder() -> PathBuf {
    remove_left_behind();
    let folder = base().join("brokers").join(format!("{}-{}", process::id(), COUNTER.fetch_add(1, Relaxed)));
    fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// Removes the folders of brokers whose test process was killed.
fn remove_left_behind() {
    for entry in fs::read_dir(base().join("brokers")).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.split('-').next()?.parse().ok());
        let is_alive = |owner| nix::sys::signal::kill(nix::unistd::Pid::from_raw(owner), None).is_ok();
        if owner.is_some_and(|owner| !is_alive(owner)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
