//! Real processes, seen from outside.

use super::*;
use rustix::event::{PollFd, PollFlags};
use std::fs::File;
use std::io::{Read, Write};

fn sh(script: &str) -> Child {
    start(&["sh", "-c", script], &[])
}

fn start(command: &[&str], added: &[(&str, &str)]) -> Child {
    let command: Vec<OsString> = command.iter().map(Into::into).collect();
    let added: Vec<(OsString, OsString)> =
        added.iter().map(|(name, value)| (name.into(), value.into())).collect();
    Child::start(&command, &added).unwrap()
}

/// Waits for the end of a process; returns its whole stdout and its status.
fn finish(mut child: Child) -> (String, ExitStatus) {
    drop(child.stdin.take());
    let stdout = child.stdout.take().unwrap();
    rustix::io::ioctl_fionbio(&stdout, false).unwrap();
    let mut text = String::new();
    File::from(stdout).read_to_string(&mut text).unwrap();
    (text, wait(&mut child))
}

fn wait(child: &mut Child) -> ExitStatus {
    let exit = child.exit_descriptor().unwrap();
    rustix::event::poll(&mut [PollFd::new(&exit, PollFlags::IN)], None).unwrap();
    child.try_wait().unwrap()
}

/// What stands in `/proc/PID/stat` behind the name: state, parent, group …
fn stat(pid: Pid) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    Some(text.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect())
}

#[test]
fn a_status_comes_as_it_is() {
    for (script, code, signal) in
        [("exit 0", Some(0), None), ("exit 75", Some(75), None), ("kill -SEGV $$", None, Some(11))]
    {
        let (_, status) = finish(sh(script));
        assert_eq!((status.code(), status.signal()), (code, signal), "{script}");
    }
}

#[test]
fn input_and_output_are_pipes() {
    let child = sh("cat; echo done");
    let mut stdin = File::from(child.stdin.as_ref().unwrap().try_clone().unwrap());
    stdin.write_all(b"to the handler ").unwrap();
    drop(stdin);
    assert_eq!(finish(child).0, "to the handler done\n");
}

#[test]
fn a_program_that_cannot_be_run_is_an_error() {
    let start = |program: &str| Child::start(&[program.into()], &[]).map(drop).map_err(|error| error.kind());
    assert_eq!(start("no-such-program-anywhere"), Err(io::ErrorKind::NotFound));
    assert_eq!(start("/"), Err(io::ErrorKind::PermissionDenied));
    assert_eq!(start("a\0b"), Err(io::ErrorKind::InvalidInput));
}

#[test]
fn a_script_without_a_first_line_for_it_is_run_by_sh() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    std::fs::write(&path, "echo \"$1\"\n").unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!(finish(start(&[path.to_str().unwrap(), "argument"], &[])).0, "argument\n");
}

#[test]
fn only_three_descriptors_are_inherited() {
    // As librdkafka's: kept open over exec unless somebody cares.
    let leaky = File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&leaky, rustix::io::FdFlags::empty()).unwrap();
    let (list, _) = finish(start(&["ls", "/proc/self/fd"], &[]));
    // The last one is that of the folder that is listed.
    assert_eq!(list, "0\n1\n2\n3\n");
}

#[test]
fn a_process_leads_a_group_of_its_own() {
    let child = sh("read line");
    let stat = stat(child.pid).unwrap();
    assert_eq!(stat[2], child.pid.as_raw_nonzero().to_string());
    assert_eq!(stat[1], std::process::id().to_string());
    assert!(finish(child).1.code().is_some());
}

#[test]
fn no_signal_is_blocked_or_ignored() {
    let (status, _) = finish(start(&["cat", "/proc/self/status"], &[]));
    let mask = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap()
    };
    assert_eq!(mask("SigBlk:"), 0);
    assert_eq!(mask("SigIgn:") & 1 << (libc::SIGPIPE - 1), 0);
}

#[test]
fn a_signal_reaches_the_whole_group() {
    let mut child = sh("sleep 1000 & echo; wait");
    let mut stdout = File::from(child.stdout.take().unwrap());
    rustix::io::ioctl_fionbio(&stdout, false).unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    child.signal(Signal::SIGKILL);
    assert_eq!(wait(&mut child).signal(), Some(9));
    // Ends when `sleep`, too, has let go of it.
    assert_eq!(stdout.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_child_that_is_dropped_is_ended() {
    let child = start(&["sleep", "1000"], &[]);
    let pid = child.pid;
    drop(child);
    assert_eq!(stat(pid), None);
}

#[test]
fn a_process_ends_with_the_thread_that_started_it() {
    let mut child = std::thread::spawn(|| start(&["sleep", "1000"], &[])).join().unwrap();
    assert_eq!(wait(&mut child).signal(), Some(9));
}

#[test]
fn what_is_added_to_the_environment_stands_beside_our_own() {
    let child = start(&["sh", "-c", "echo \"$KCONS_KEY:${PATH:+path}\""], &[("KCONS_KEY", "a b")]);
    assert_eq!(finish(child).0, "a b:path\n");
}

#[test]
fn the_number_of_a_process_is_kept_until_it_is_dropped() {
    let mut child = sh("exit 3");
    let pid = child.pid;
    assert_eq!(wait(&mut child).code(), Some(3));
    assert_eq!(stat(pid).unwrap()[0], "Z");
    assert!(!child.has_group(), "a zombie does not run");
    drop(child);
    assert_eq!(stat(pid), None);
}

#[test]
fn large_pages_are_off_for_us_and_not_for_handlers() {
    rustix::thread::disable_transparent_huge_pages(true).unwrap();
    let (status, _) = finish(start(&["cat", "/proc/self/status"], &[]));
    assert!(status.contains("THP_enabled:\t1\n"), "{status}");
    // Other tests may be starting something.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !rustix::thread::transparent_huge_pages_are_disabled().unwrap() {
        assert!(std::time::Instant::now() < deadline, "they stay on");
    }
}
