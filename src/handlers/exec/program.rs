//! The program of a handler: whether it can be run, asked before any record is read.

use crate::error::{self, Failure};
use rustix::fs::{Access, access};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Where programs are looked for without `PATH` (`man 3 exec`).
const USUAL_PATH: &str = "/bin:/usr/bin";

/// Looks for the program of a command, as the system will do for each record.
///
/// # Errors
/// There is none, or it may not be run: a mistake on the command line.
pub fn check(command: &[OsString]) -> Result<(), Failure> {
    let Some(program) = command.first() else { return Ok(()) };
    let path = std::env::var_os("PATH").unwrap_or_else(|| USUAL_PATH.into());
    find(program, &path).map_err(|error| Failure::usage(cannot_run(command, &error)))
}

/// ``cannot run `foo`: No such file or directory``
pub fn cannot_run(command: &[OsString], error: &io::Error) -> String {
    let program = command.first().map(|program| program.display().to_string()).unwrap_or_default();
    format!("cannot run `{program}`: {}", error::reason(error))
}

fn find(program: &OsStr, path: &OsStr) -> io::Result<()> {
    if program.as_bytes().contains(&b'/') {
        return may_run(Path::new(program));
    }
    let mut failure = io::Error::from_raw_os_error(libc::ENOENT);
    // An empty program would be found as the folders themselves.
    for folder in std::env::split_paths(path).filter(|_| !program.is_empty()) {
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        match may_run(&folder.join(program)) {
            Ok(()) => return Ok(()),
            // As `execvp`: one that may not be run is told of if there is no other.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => failure = error,
            Err(_) => {}
        }
    }
    Err(failure)
}

fn may_run(program: &Path) -> io::Result<()> {
    access(program, Access::EXEC_OK)?;
    if program.is_dir() {
        return Err(io::Error::from_raw_os_error(libc::EACCES));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_program_is_looked_for_as_the_system_does() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("plain"), "").unwrap();
        fs::write(at("program"), "").unwrap();
        fs::set_permissions(at("program"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(at("folder")).unwrap();
        let path = OsString::from(format!("/nowhere:{}", folder.path().display()));
        let denied = Some("Permission denied".to_owned());
        let missing = Some("No such file or directory".to_owned());
        for (program, expected) in [
            ("program", None),
            ("plain", denied.clone()),
            ("folder", denied),
            ("absent", missing.clone()),
            ("", missing),
        ] {
            let found = |program: &OsStr| find(program, &path).err().map(|error| error::reason(&error));
            assert_eq!(found(program.as_ref()), expected, "{program}");
            if !program.is_empty() {
                assert_eq!(found(at(program).as_ref()), expected, "{program}");
            }
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        assert_eq!(check(&["sh".into(), "-c".into(), "x".into()]), Ok(()));
        let failure = check(&["no-such-program".into(), "-v".into()]).unwrap_err();
        assert_eq!(failure, Failure::usage("cannot run `no-such-program`: No such file or directory"));
    }
}
