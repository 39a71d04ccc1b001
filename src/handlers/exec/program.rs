//! The program of a handler: whether it can be run, asked before any record is read.

use crate::error::{self, Failure};
use crate::handlers::Unrunnable;
use rustix::fs::{Access, access};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Where programs are looked for without `PATH` (`man 3 exec`).
const USUAL_PATH: &str = "/bin:/usr/bin";

/// Looks for the program of a command, as the system will do for each record.
///
/// # Errors
/// There is none, or it may not be run: a mistake on the command line.
pub fn check(command: &[OsString]) -> Result<(), Failure> {
    let Some(program) = command.first() else { return Ok(()) };
    let path = std::env::var_os("PATH").unwrap_or_else(|| USUAL_PATH.into());
    find(program, &path).map_err(|(error, file)| {
        let failure = Failure::usage(cannot_run(command, &error));
        match chmod(&file) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    })
}

/// What to check if a shell cannot run a handler; `said`: the last line of its stderr, as `sh: 1: ./x: Permission denied`.
pub fn what_to_check(why: Unrunnable, said: &str) -> String {
    match why {
        Unrunnable::NotFound => "check the command, and whether its program is in `PATH` here".to_owned(),
        Unrunnable::NotExecutable => said
            .rsplit(": ")
            .nth(1)
            .and_then(|program| chmod(Path::new(program)))
            .unwrap_or_else(|| "check the command, and that its program is an executable file".to_owned()),
    }
}

/// How a file that nobody may run is made a program. A name that a shell would not take as it is, is not quoted.
fn chmod(program: &Path) -> Option<String> {
    let is_plain = |text: &&str| {
        let mut characters = text.chars();
        !text.starts_with('-') && characters.all(|c| c.is_ascii_alphanumeric() || "/._-+,@".contains(c))
    };
    let metadata = fs::metadata(program).ok().filter(|metadata| metadata.is_file())?;
    let text = program.to_str().filter(is_plain)?;
    (metadata.permissions().mode() & 0o111 == 0).then(|| format!("make it executable: chmod +x {text}"))
}

/// ``cannot run `foo`: No such file or directory``
pub fn cannot_run(command: &[OsString], error: &io::Error) -> String {
    let program = command.first().map(|program| program.display().to_string()).unwrap_or_default();
    format!("cannot run `{program}`: {}", error::reason(error))
}

/// Looks for a program.
///
/// # Errors
/// Why it cannot be run, and the file that this is about.
fn find(program: &OsStr, path: &OsStr) -> Result<(), (io::Error, PathBuf)> {
    if program.as_bytes().contains(&b'/') {
        return may_run(Path::new(program)).map_err(|error| (error, program.into()));
    }
    let mut failure = (io::Error::from_raw_os_error(libc::ENOENT), program.into());
    // An empty program would be found as the folders themselves.
    for folder in std::env::split_paths(path).filter(|_| !program.is_empty()) {
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        let file = folder.join(program);
        match may_run(&file) {
            Ok(()) => return Ok(()),
            // As `execvp`: one that may not be run is told of if there is no other.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => failure = (error, file),
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
            let found = |program: &OsStr| find(program, &path).err().map(|(error, _)| error::reason(&error));
            assert_eq!(found(program.as_ref()), expected, "{program}");
            if !program.is_empty() {
                assert_eq!(found(at(program).as_ref()), expected, "{program}");
            }
        }
    }

    #[test]
    fn a_file_that_may_not_be_run_is_told_how_it_becomes_a_program() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        for name in ["w.sh", "w w.sh", "program"] {
            fs::write(at(name), "").unwrap();
        }
        fs::set_permissions(at("program"), fs::Permissions::from_mode(0o755)).unwrap();
        let executable = format!("make it executable: chmod +x {}", at("w.sh"));
        let other = "check the command, and that its program is an executable file";
        for (name, expected) in [
            ("w.sh", executable.as_str()),
            ("w w.sh", other),
            ("program", other),
            ("absent", other),
            ("", other),
        ] {
            for start in ["sh: 1: ", "sh: line 1: ", "sh: "] {
                let said = format!("{start}{}: Permission denied", at(name));
                assert_eq!(what_to_check(Unrunnable::NotExecutable, &said), expected, "{said}");
            }
        }
        assert_eq!(what_to_check(Unrunnable::NotExecutable, ""), other);
        assert!(what_to_check(Unrunnable::NotFound, &format!("sh: 1: {}: x", at("w.sh"))).contains("`PATH`"));
        let denied = |name: &str| check(&[at(name).into()]).unwrap_err();
        assert_eq!(denied("w.sh").hint, Some(executable));
        assert_eq!((denied("w w.sh").hint, denied("").hint, denied("absent").hint), (None, None, None));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        assert_eq!(check(&["sh".into(), "-c".into(), "x".into()]), Ok(()));
        let failure = check(&["no-such-program".into(), "-v".into()]).unwrap_err();
        assert_eq!(failure, Failure::usage("cannot run `no-such-program`: No such file or directory"));
    }
}
