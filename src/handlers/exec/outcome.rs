//! What a process's end means for its record.

use crate::handlers::child::{exit_words, unrunnable};
use crate::handlers::{FailureReason, Outcome};
use std::process::ExitStatus;

/// `EX_DATAERR` of `sysexits.h`: the record is bad.
const DATA_ERROR: i32 = 65;

/// `EX_TEMPFAIL` of `sysexits.h`: try again later.
const TEMPORARY_FAILURE: i32 = 75;

/// Reads the exit status of a handler; `stderr`: its last lines.
pub fn of_status(status: ExitStatus, stderr: impl FnOnce() -> String) -> Outcome {
    let reason = || FailureReason { what: exit_words(status, "exit status"), stderr: stderr() };
    match status.code() {
        Some(0) => Outcome::Accepted,
        Some(TEMPORARY_FAILURE) => Outcome::Later,
        Some(DATA_ERROR) => Outcome::Refused(reason()),
        Some(_) | None => match unrunnable(status) {
            Some(why) => Outcome::Unrunnable(why, reason()),
            None => Outcome::Failed(reason()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handlers::Unrunnable;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn an_exit_status_is_read_as_documented() {
        let of = |raw: i32| of_status(ExitStatus::from_raw(raw), || "why".to_owned());
        let reason = |what: &str| FailureReason { what: what.to_owned(), stderr: "why".to_owned() };
        assert_eq!(of(0), Outcome::Accepted);
        assert_eq!(of(75 << 8), Outcome::Later);
        assert_eq!(of(65 << 8), Outcome::Refused(reason("exit status 65")));
        assert_eq!(of(126 << 8), Outcome::Unrunnable(Unrunnable::NotExecutable, reason("exit status 126")));
        assert_eq!(of(127 << 8), Outcome::Unrunnable(Unrunnable::NotFound, reason("exit status 127")));
        assert_eq!(of(125 << 8), Outcome::Failed(reason("exit status 125")));
        assert_eq!(of(1 << 8), Outcome::Failed(reason("exit status 1")));
        assert_eq!(of(255 << 8), Outcome::Failed(reason("exit status 255")));
        assert_eq!(of(libc::SIGSEGV | 0x80), Outcome::Failed(reason("killed by SIGSEGV")));
        assert_eq!(of(40), Outcome::Failed(reason("killed by signal 40")));
    }
}
