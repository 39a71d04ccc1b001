//! Runs the program on a pseudo terminal, where it shows itself as people see it.

use std::fs::File;
use std::io::Write;
use std::ops::{Deref, DerefMut};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::termios::{LocalFlags, OutputFlags, SetArg, tcgetattr, tcsetattr};

use super::outcome::Outcome;
use super::run::{Kcons, Running};
use super::stream::Stream;

/// Which of the program's streams are the terminal; standard input always is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTerminal {
    /// Standard error goes to a pipe, so that both can be told apart.
    Stdout,
    /// Standard output goes to a pipe, as in `kcons … | jq`.
    Stderr,
    /// Both come on the terminal as one stream, found in `stdout`.
    Both,
}

/// A program on a terminal; otherwise a [`Running`].
pub struct Terminal {
    running: Running,
    keyboard: File,
}

impl Kcons {
    /// Starts it on a terminal of 24 lines and 80 columns, its controlling terminal.
    ///
    /// What is written arrives byte for byte: no echo, no carriage returns added.
    #[track_caller]
    pub fn spawn_on_terminal(self, which: OnTerminal) -> Terminal {
        let pair = openpty(&window(24, 80), None).expect("a terminal can be had");
        make_plain(&pair.slave);
        self.spawn_on(pair, which)
    }

    /// Starts it on a terminal of this size as people have it: what is typed is echoed, lines end in a carriage return.
    #[track_caller]
    pub fn spawn_on_echoing_terminal(self, lines: u16, columns: u16) -> Terminal {
        let pair = openpty(&window(lines, columns), None).expect("a terminal can be had");
        self.spawn_on(pair, OnTerminal::Both)
    }

    #[track_caller]
    fn spawn_on(self, OpenptyResult { master, slave }: OpenptyResult, which: OnTerminal) -> Terminal {
        let other = |fd: &OwnedFd| Stdio::from(fd.try_clone().expect("a descriptor can be shared"));
        let mut command = self.command();
        command.stdin(other(&slave)).stdout(other(&slave)).stderr(slave);
        match which {
            OnTerminal::Stdout => drop(command.stderr(Stdio::piped())),
            OnTerminal::Stderr => drop(command.stdout(Stdio::piped())),
            OnTerminal::Both => {}
        }
        // SAFETY: setsid and ioctl are allowed between fork and exec and touch no memory.
        unsafe { command.pre_exec(take_terminal) };
        let mut child = self.start(&mut command);
        // The command holds the other side open: without this the end of the program would not end the stream.
        drop(command);
        let keyboard = File::from(master.try_clone().expect("a descriptor can be shared"));
        let screen = Stream::collect(master);
        let running = match (child.stdout.take(), child.stderr.take()) {
            (Some(stdout), _) => Running::new(self, child, Stream::collect(stdout.into()), Some(screen)),
            (None, stderr) => {
                Running::new(self, child, screen, stderr.map(|stderr| Stream::collect(stderr.into())))
            }
        };
        Terminal { running, keyboard }
    }
}

impl Terminal {
    /// Types these bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.keyboard.write_all(bytes.as_ref()).expect("the terminal is open");
    }

    /// Presses Ctrl-C: SIGINT for the process group in the foreground.
    pub fn press_control_c(&mut self) {
        self.send([3]);
    }

    /// Changes the size of the window; the program gets SIGWINCH.
    pub fn resize(&mut self, lines: u16, columns: u16) {
        nix::ioctl_write_ptr_bad!(set_size, libc::TIOCSWINSZ, Winsize);
        use std::os::fd::AsRawFd;
        // SAFETY: the descriptor is a terminal and the size lives during the call.
        unsafe { set_size(self.keyboard.as_raw_fd(), &window(lines, columns)) }
            .expect("the terminal is open");
    }

    /// Kills the program and gives what it left.
    pub fn kill(self) -> Outcome {
        self.running.kill()
    }

    /// Waits for its end and gives the outcome.
    #[track_caller]
    pub fn finish(self) -> Outcome {
        self.running.finish()
    }
}

impl Deref for Terminal {
    type Target = Running;

    fn deref(&self) -> &Running {
        &self.running
    }
}

impl DerefMut for Terminal {
    fn deref_mut(&mut self) -> &mut Running {
        &mut self.running
    }
}

fn window(lines: u16, columns: u16) -> Winsize {
    Winsize { ws_row: lines, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

fn make_plain(slave: impl AsFd) {
    let mut settings = tcgetattr(&slave).expect("it is a terminal");
    settings.output_flags.remove(OutputFlags::OPOST);
    settings.local_flags.remove(LocalFlags::ECHO);
    tcsetattr(&slave, SetArg::TCSANOW, &settings).expect("it is a terminal");
}

/// Makes standard input the controlling terminal of a session of its own, so that Ctrl-C means something.
fn take_terminal() -> std::io::Result<()> {
    // SAFETY: neither call takes a pointer.
    unsafe {
        if libc::setsid() < 0 || libc::ioctl(0, libc::TIOCSCTTY as _, 0) < 0 {
            return Err(std::io::Error::last_os_error());
        }
    }
    Ok(())
}
