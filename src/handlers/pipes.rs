//! Reading from pipes that do not block.

use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};

/// Bytes that can be read now.
pub fn waiting_in(pipe: &Option<OwnedFd>) -> usize {
    let count = pipe.as_ref().and_then(|pipe| rustix::io::ioctl_fionread(pipe).ok());
    count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
}

/// Reads what is there, `most` bytes of it; the pipe is closed at its end, or when `take` wants no more.
pub fn read(
    pipe: &mut Option<OwnedFd>,
    piece: &mut [u8],
    mut most: usize,
    mut take: impl FnMut(&[u8]) -> bool,
) {
    while let Some(from) = pipe {
        let size = piece.len().min(most);
        if size == 0 {
            return;
        }
        match rustix::io::read(from.as_fd(), &mut piece[..size]) {
            Ok(count) if count > 0 && take(&piece[..count]) => {
                most -= count;
                // A short read has emptied the pipe.
                if count < size {
                    return;
                }
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return,
            Ok(_) | Err(_) => *pipe = None,
        }
    }
}
