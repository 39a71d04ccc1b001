//! Starts a process the way glibc's `posix_spawn` does (`sysdeps/unix/sysv/linux/spawni.c`), and does what that
//! leaves out.
//!
//! A `fork` for each record would copy the page tables of a process that holds a client's buffers.

use super::StartParameters;
use rustix::process::{Pid, PidfdFlags};
use std::ffi::{CString, OsStr, c_char, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Room for `execvpe`, which builds a path on the stack; it also copies the arguments there.
const STACK: usize = 128 << 10;

/// Where there is no `close_range`, the first descriptor that is not looked at.
const MOST_DESCRIPTORS: RawFd = 65_536;

/// The numbers of signals, real-time ones included.
const SIGNALS: std::ops::RangeInclusive<c_int> = 1..=64;

/// What the new process works with: it shares our memory until it runs its program.
struct SharedState {
    command: Vec<*const c_char>,
    environment: Vec<*const c_char>,
    pipes: [RawFd; 3],
    parent: libc::pid_t,
    /// The error for which the program could not be run, or 0.
    error: c_int,
}

/// Starts the process and returns once it runs its program.
pub fn start(start: &StartParameters<'_>) -> io::Result<Pid> {
    let pointers = |words: &mut dyn Iterator<Item = &CString>| {
        words.map(|word| word.as_ptr()).chain([ptr::null()]).collect::<Vec<_>>()
    };
    let mut shared = SharedState {
        command: pointers(&mut start.command.iter()),
        environment: pointers(&mut start.environment.iter().copied()),
        pipes: start.pipes.map(|pipe| pipe.as_raw_fd()),
        parent: rustix::process::getpid().as_raw_nonzero().get(),
        error: 0,
    };
    let size = STACK + 2 * size_of::<usize>() * shared.command.len();
    let mut stack: Vec<MaybeUninit<u128>> = Vec::with_capacity(size / size_of::<u128>());
    let _pages = LargePages::allow();
    // SAFETY: the signal sets are alive. The stack is as long as said, aligned, and used by nobody else. The child
    // shares our memory, but with CLONE_VFORK this thread goes on only when the child has left it by exec or exit,
    // so `shared`, what it points to and the stack outlive its use; all that it calls in between is in `become_it`.
    // With all signals blocked no handler of ours runs in it.
    let pid = unsafe {
        let (mut all, mut blocked) = (empty_set(), empty_set());
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &all, &mut blocked);
        let top = stack.as_mut_ptr().add(stack.capacity());
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
        let pid = libc::clone(become_it, top.cast(), flags, (&raw mut shared).cast());
        let error = io::Error::last_os_error();
        libc::pthread_sigmask(libc::SIG_SETMASK, &blocked, ptr::null_mut());
        if pid > 0 { Pid::from_raw(pid) } else { None }.ok_or(error)?
    };
    match shared.error {
        0 => Ok(pid),
        error => {
            let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
            Err(io::Error::from_raw_os_error(error))
        }
    }
}

/// What the new process does before it runs its program.
extern "C" fn become_it(shared: *mut c_void) -> c_int {
    // SAFETY: this is the `SharedState` of `start`, whose thread is suspended meanwhile. Everything called here is a plain
    // system call or `execvpe`, which neither allocate nor lock; the descriptors and signal actions that are changed
    // are the child's own copies.
    unsafe {
        let shared = &mut *shared.cast::<SharedState>();
        // First: a Ctrl-C on the terminal is for our parent's group.
        libc::setpgid(0, 0);
        settle_signals();
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        if libc::getppid() != shared.parent {
            // Our parent is gone already: the signal for that will not come.
            libc::_exit(127);
        }
        for (number, pipe) in shared.pipes.iter().enumerate() {
            if libc::dup2(*pipe, number as c_int) < 0 {
                shared.error = *libc::__errno_location();
                libc::_exit(127);
            }
        }
        close_the_rest_on_exec();
        let none = empty_set();
        libc::sigprocmask(libc::SIG_SETMASK, &none, ptr::null_mut());
        libc::execvpe(shared.command[0], shared.command.as_ptr(), shared.environment.as_ptr());
        shared.error = *libc::__errno_location();
        libc::_exit(127)
    }
}

/// Gives signals their default actions, but leaves ignored what was ignored when we started.
///
/// # Safety
/// To be called in the new process, with all signals blocked.
unsafe fn settle_signals() {
    for signal in SIGNALS {
        // SAFETY: the structures are alive; unknown and reserved numbers are refused without harm.
        unsafe {
            let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
            if libc::sigaction(signal, ptr::null(), &mut action) != 0 {
                continue;
            }
            // What reached the new process while it was in our group is not meant for it: ignoring drops it.
            libc::signal(signal, libc::SIG_IGN);
            let wanted = match action.sa_sigaction {
                // Rust ignores it, programs expect to end by it.
                _ if signal == libc::SIGPIPE => libc::SIG_DFL,
                libc::SIG_IGN => libc::SIG_IGN,
                _ => libc::SIG_DFL,
            };
            if wanted != libc::SIG_IGN {
                action.sa_sigaction = wanted;
                action.sa_flags = 0;
                libc::sigaction(signal, &action, ptr::null_mut());
            }
        }
    }
}

/// librdkafka's wake-up pipes, and what we inherited ourselves, are not for handlers.
fn close_the_rest_on_exec() {
    const FIRST: RawFd = 3;
    // SAFETY: plain system calls on the descriptors of the calling process; nothing is closed before its exec.
    unsafe {
        let flags = libc::CLOSE_RANGE_CLOEXEC;
        if libc::syscall(libc::SYS_close_range, FIRST, libc::c_uint::MAX, flags) == 0 {
            return;
        }
        let mut limit: libc::rlimit = MaybeUninit::zeroed().assume_init();
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        let end = RawFd::try_from(limit.rlim_cur).unwrap_or(RawFd::MAX).min(MOST_DESCRIPTORS);
        for descriptor in FIRST..end {
            libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC);
        }
    }
}

fn empty_set() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: `sigemptyset` initialises the set.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    }
}

/// Large pages, which `main` turns off for us, must not be off in our handlers: the setting goes with the memory of
/// a process and through exec, so it is lifted for all of us while something is being started.
struct LargePages;

/// How many starts need large pages allowed now.
static ALLOWED: Mutex<usize> = Mutex::new(0);

impl LargePages {
    fn allow() -> Option<LargePages> {
        let mut count = ALLOWED.lock().unwrap_or_else(PoisonError::into_inner);
        if *count == 0 {
            if !rustix::thread::transparent_huge_pages_are_disabled().unwrap_or(false) {
                return None;
            }
            let _ = rustix::thread::disable_transparent_huge_pages(false);
        }
        *count += 1;
        Some(LargePages)
    }
}

impl Drop for LargePages {
    fn drop(&mut self) {
        let mut count = ALLOWED.lock().unwrap_or_else(PoisonError::into_inner);
        *count -= 1;
        if *count == 0 {
            let _ = rustix::thread::disable_transparent_huge_pages(true);
        }
    }
}

pub fn exit_descriptor(pid: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok()
}

/// Whether any process of a group still runs; zombies do not.
pub fn is_group_running(group: Pid) -> bool {
    // Without `/proc` there is no telling.
    let Ok(processes) = std::fs::read_dir("/proc") else { return true };
    let group = group.as_raw_nonzero().to_string();
    processes.flatten().any(|process| {
        let path = process.path().join("stat");
        is_process(&process.file_name())
            && std::fs::read_to_string(path).is_ok_and(|stat| is_running_in(&stat, &group))
    })
}

fn is_process(name: &OsStr) -> bool {
    name.as_bytes().first().is_some_and(u8::is_ascii_digit)
}

/// Reads `PID (NAME) STATE PARENT GROUP …` (`man 5 proc`); the name may hold anything.
fn is_running_in(stat: &str, group: &str) -> bool {
    let mut fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
    let (state, of_group) = (fields.next(), fields.nth(1));
    of_group == Some(group) && !matches!(state, Some("Z" | "X"))
}

/// Takes the status of processes whose parents are gone if we are PID 1, so that they do not stay as zombies for
/// ever.
///
/// Never waits. Call it from the main thread in every turn of its loop. The kernel gives orphans to the first
/// thread of a process (`find_new_reaper` in its `kernel/exit.c`), while our own children belong to the threads
/// that started them. So what the main thread finds is never a child of ours, whatever happens at the same time.
pub fn reap_orphans() {
    // A flood of them must not keep the main thread from its work.
    const A_TURN: usize = 10_000;
    let is_main_thread = rustix::thread::gettid() == rustix::process::getpid();
    if !is_main_thread || !adopts_orphans() {
        return;
    }
    for _ in 0..A_TURN {
        // SAFETY: a plain system call; where a status could be written none is wanted.
        if unsafe { libc::waitpid(-1, ptr::null_mut(), libc::WNOHANG | libc::__WNOTHREAD) } <= 0 {
            return;
        }
    }
}

/// Whether processes whose parents are gone become our children.
fn adopts_orphans() -> bool {
    // It is asked in every turn of the loop.
    static ADOPTS: OnceLock<bool> = OnceLock::new();
    *ADOPTS.get_or_init(is_reaper)
}

fn is_reaper() -> bool {
    rustix::process::getpid().as_raw_nonzero().get() == 1
        || rustix::process::child_subreaper().is_ok_and(|reaper| reaper.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zombies_do_not_run() {
        assert!(is_running_in("7 (sh) S 1 5 5 0", "5"));
        assert!(is_running_in("7 (a) Z 1 5 5) R 1 5 5 0", "5"));
        assert!(!is_running_in("7 (sh) S 5 6 5 0", "5"));
        assert!(!is_running_in("7 (sh) Z 1 5 5 0", "5"));
        assert!(!is_running_in("", "5"));
    }
}
