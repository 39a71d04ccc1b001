//! The name of a store: each group of a cluster has its own.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The longest piece of a path. File systems take names of 255 bytes; longer names become folders.
const LONGEST: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreName {
    /// The id of the cluster.
    pub cluster: String,
    pub group: Option<String>,
}

impl StoreName {
    /// The file `FOLDER/CLUSTER/GROUP.redb`, with `%XX` for everything but letters, digits, `-` and `_`.
    ///
    /// Different names have different files, since nothing is cut off.
    pub fn file(&self, folder: &Path) -> PathBuf {
        let mut path = pieces(folder.to_owned(), &escaped(&self.cluster));
        path = pieces(path, &escaped(self.group.as_deref().unwrap_or_default()));
        // A group's folder of pieces has no ending, so it is never another group's file.
        path.as_mut_os_string().push(".redb");
        path
    }

    /// The prefix `kcons:CLUSTER:GROUP:` of the keys of ids. A colon in a name is escaped, since it would end the
    /// name.
    pub fn prefix(&self) -> String {
        let plain = |name: &str| name.replace('%', "%25").replace(':', "%3A");
        let group = self.group.as_deref().unwrap_or_default();
        format!("kcons:{}:{}:", plain(&self.cluster), plain(group))
    }
}

/// Adds a name in pieces that file systems take. The name is ASCII, so it may be cut anywhere.
fn pieces(mut path: PathBuf, name: &str) -> PathBuf {
    let mut rest = name;
    while rest.len() > LONGEST {
        let (piece, more) = rest.split_at(LONGEST);
        path.push(piece);
        rest = more;
    }
    // An empty name would be the folder itself.
    path.push(if rest.is_empty() { "%" } else { rest });
    path
}

fn escaped(name: &str) -> String {
    let mut escaped = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(cluster: &str, group: &str) -> StoreName {
        StoreName { cluster: cluster.to_owned(), group: Some(group.to_owned()) }
    }

    #[test]
    fn two_groups_never_share_a_file() {
        let long = "a".repeat(LONGEST);
        let groups =
            ["g", "g.redb", "G", "../g", "a/b", "a%2Fb", "é", "a b", "", "%", &long, &format!("{long}a")];
        let folder = Path::new("state");
        let mut files: Vec<_> = groups.iter().map(|group| names("c-1_x", group).file(folder)).collect();
        assert_eq!(files[0], Path::new("state/c-1_x/g.redb"));
        assert_eq!(files[3], Path::new("state/c-1_x/%2E%2E%2Fg.redb"));
        files.sort();
        files.dedup();
        assert_eq!(files.len(), groups.len());
        for file in files {
            assert!(file.iter().all(|piece| piece.len() <= 255), "{file:?}");
        }
    }

    #[test]
    fn two_groups_never_share_a_key() {
        assert_eq!(names("c", "g").prefix(), "kcons:c:g:");
        assert_ne!(names("c", "g:x").prefix() + "y", names("c", "g").prefix() + "x:y");
    }
}
