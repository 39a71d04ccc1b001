//! Files that are named on the command line or in settings: read whole, bounded, and never waited for without end.

use crate::error::reason;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::io::{Errno, read as read_some, retry_on_intr};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// What is larger is a mistake: settings, secrets and certificates are not.
const LARGEST: usize = 1 << 20;

/// A pipe has a writer, who may have to ask a person for a passphrase first.
const PATIENCE: Patience = Patience { silence: Duration::from_secs(10), all: Duration::from_secs(30) };

/// How long bytes may take to come.
#[derive(Clone, Copy)]
struct Patience {
    /// Between two of them.
    silence: Duration,
    all: Duration,
}

/// Reads a file, or what comes out of a pipe.
///
/// # Errors
/// In a few words why not: it is larger than 1 MiB, nothing comes, or what the system says.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    read_within(path, PATIENCE)
}

/// Reads a file of text.
///
/// # Errors
/// As `read`, or it is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, String> {
    String::from_utf8(read(path)?).map_err(|_| "it is not UTF-8 text".to_owned())
}

/// Reads the first bytes of a file and nothing of anything else: a pipe can be read only once.
pub fn head(path: &Path, most: usize) -> Option<Vec<u8>> {
    let file = opened(path).ok()?;
    let mut bytes = vec![0; most];
    let is_regular = fstat(&file).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_file());
    let length = if is_regular { read_some(&file, &mut bytes).ok()? } else { 0 };
    bytes.truncate(length);
    Some(bytes)
}

/// Whether somebody else, who reads without any care, can be given a file or folder to read.
///
/// # Errors
/// The path cannot be opened, or is a device, or a pipe that nobody writes to.
pub fn check(path: &Path) -> Result<(), String> {
    let file = opened(path)?;
    match FileType::from_raw_mode(fstat(&file).map_err(words)?.st_mode) {
        FileType::Fifo => wait(&file, PATIENCE.silence),
        FileType::CharacterDevice | FileType::BlockDevice => Err("it is a device".to_owned()),
        _ => Ok(()),
    }
}

/// Whether there is a folder to look for files in.
///
/// # Errors
/// In a few words why not: it is something else, or what the system says.
pub fn check_folder(path: &Path) -> Result<(), String> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err("it is not a folder".to_owned()),
        Err(error) => Err(reason(&error)),
    }
}

fn read_within(path: &Path, patience: Patience) -> Result<Vec<u8>, String> {
    let file = opened(path)?;
    let end = Instant::now() + patience.all;
    let mut bytes = Vec::new();
    let mut part = vec![0; 64 * 1024];
    loop {
        let rest = end.saturating_duration_since(Instant::now());
        wait(&file, patience.silence.min(rest))?;
        match retry_on_intr(|| read_some(&file, &mut part)) {
            Ok(0) => return Ok(bytes),
            Ok(length) => bytes.extend_from_slice(&part[..length]),
            // Somebody else was quicker.
            Err(Errno::AGAIN) => {}
            Err(error) => return Err(words(error)),
        }
        if bytes.len() > LARGEST {
            return Err("it is larger than 1 MiB".to_owned());
        }
    }
}

/// Opens without waiting for a pipe's writer, and without making a terminal ours.
fn opened(path: &Path) -> Result<OwnedFd, String> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    retry_on_intr(|| open(path, flags, Mode::empty())).map_err(words)
}

/// Waits until there is something to read, or the end.
fn wait(file: &OwnedFd, limit: Duration) -> Result<(), String> {
    let end = Instant::now() + limit;
    loop {
        let rest = end.saturating_duration_since(Instant::now());
        let mut watched = [PollFd::new(file, PollFlags::IN)];
        let rest = Timespec::try_from(rest).unwrap_or_default();
        match poll(&mut watched, Some(&rest)) {
            Ok(0) => return Err("it is a pipe or a device, and nothing more comes from it".to_owned()),
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(words(error)),
        }
    }
}

fn words(error: Errno) -> String {
    reason(&io::Error::from(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, write};
    use std::io::Write;
    use std::path::PathBuf;

    const SHORT: Patience = Patience { silence: Duration::from_millis(100), all: Duration::from_millis(300) };

    fn pipe(folder: &tempfile::TempDir) -> PathBuf {
        let path = folder.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        path
    }

    #[test]
    fn a_file_is_read_up_to_a_mebibyte() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        for (length, is_read) in [(0, true), (1, true), (LARGEST, true), (LARGEST + 1, false)] {
            write(&path, vec![b'x'; length]).expect("written");
            match read(&path) {
                Ok(bytes) => assert!(is_read && bytes.len() == length),
                Err(words) => assert!(!is_read && words == "it is larger than 1 MiB", "{words}"),
            }
        }
        write(&path, [0xff]).expect("written");
        assert_eq!(read_text(&path), Err("it is not UTF-8 text".to_owned()));
        assert_eq!(read(folder.path()), Err("Is a directory".to_owned()));
        assert_eq!(read(Path::new("/no/such")), Err("No such file or directory".to_owned()));
    }

    #[test]
    fn devices_end() {
        assert_eq!(read(Path::new("/dev/zero")), Err("it is larger than 1 MiB".to_owned()));
        assert_eq!(read(Path::new("/dev/null")), Ok(Vec::new()));
        for device in ["/dev/zero", "/dev/null"] {
            assert_eq!(check(Path::new(device)), Err("it is a device".to_owned()));
            assert_eq!(head(Path::new(device), 9), Some(Vec::new()));
        }
    }

    #[test]
    fn a_pipe_without_a_writer_or_with_a_silent_one_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = pipe(&folder);
        assert!(read_within(&path, SHORT).is_err_and(|words| words.contains("nothing more comes")));
        assert_eq!(head(&path, 9), Some(Vec::new()));
        let silent = File::options().read(true).write(true).open(&path).expect("both ends");
        assert!(read_within(&path, SHORT).is_err());
        (&silent).write_all(b"begun").expect("it has room");
        assert!(read_within(&path, SHORT).is_err());
    }

    #[test]
    fn a_pipe_that_drips_is_not_read_for_ever() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = pipe(&folder);
        let (both, mut writer) = {
            let both = File::options().read(true).write(true).open(&path).expect("both ends");
            let writer = File::options().write(true).open(&path).expect("a reader is there");
            (both, writer)
        };
        // Ends with the pipe, when `both` is dropped.
        let drip = std::thread::spawn(move || {
            while writer.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        assert!(read_within(&path, SHORT).is_err());
        drop(both);
        // What is left makes no end of file; the writer sees that nobody reads.
        let _ = drip.join();
    }

    #[test]
    fn what_a_process_writes_into_a_pipe_is_read_to_its_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = pipe(&folder);
        let written = path.clone();
        let writer = std::thread::spawn(move || {
            File::options().write(true).open(written).and_then(|mut file| file.write_all(b"a=b\n"))
        });
        assert_eq!(read(&path), Ok(b"a=b\n".to_vec()));
        writer.join().expect("no panic").expect("written");
    }
}
