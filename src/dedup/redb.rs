//! Event ids in a file, for one member.

use super::{Backend, WallClock, milliseconds};
use crate::error::{Failure, Kind, reason};
use crate::quiet;
use redb::{Builder, Database, Durability, ReadableTable as _, TableDefinition};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::ops::Bound;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Each id with the time at which it expires, in milliseconds since 1970.
const IDS: TableDefinition<&str, u64> = TableDefinition::new("ids");

/// The memory for pages. The look-up of a new id touches only a few.
const CACHE: usize = 16 << 20;

/// How many ids, beyond as many as it adds, every transaction checks for having expired. So the file stops growing,
/// and no transaction takes long.
const SWEEP: usize = 64;

/// The path of a store, and what messages call it.
pub struct StorePath {
    pub path: PathBuf,
    /// The path, or the variable that holds it.
    pub shown: String,
}

pub struct File {
    place: StorePath,
    /// None after an error; it is opened again for the next request.
    database: Option<Database>,
    ttl: Duration,
    clock: WallClock,
    /// The id after which the search for expired ids goes on.
    swept: String,
}

impl File {
    pub fn open(place: StorePath, ttl: Duration, clock: WallClock) -> Result<File, Failure> {
        let database = if place.path.exists() { existing(&place)? } else { make(&place)? };
        Ok(File { place, database: Some(database), ttl, clock, swept: String::new() })
    }

    fn with<T>(
        &mut self,
        work: impl FnOnce(&mut File, &Database) -> Result<T, Problem>,
    ) -> Result<T, String> {
        let database = match self.database.take() {
            Some(database) => database,
            None => existing(&self.place).map_err(|failure| in_one_line(&failure))?,
        };
        // A page that was overwritten while the store is open makes redb panic.
        let result = quiet::catch(|| work(self, &database)).unwrap_or_else(|_| Err(misfit()));
        match result {
            Ok(done) => {
                self.database = Some(database);
                Ok(done)
            }
            // What a failed transaction left behind is repaired only by opening the file again.
            Err(error) => {
                // Closing after a panic may panic again.
                drop(quiet::catch(|| drop(database)));
                Err(format!("the dedup store `{}`: {}", self.place.shown, words(*error.0)))
            }
        }
    }
}

impl Backend for File {
    fn look_up(&mut self, ids: &[&str]) -> Result<Vec<bool>, String> {
        let now = (self.clock)();
        self.with(|_, database| {
            let table = database.begin_read()?.open_table(IDS)?;
            let mut known = Vec::with_capacity(ids.len());
            for id in ids {
                known.push(table.get(*id)?.is_some_and(|until| until.value() > now));
            }
            Ok(known)
        })
    }

    fn keep(&mut self, ids: &[&str]) -> Result<(), String> {
        let now = (self.clock)();
        self.with(|file, database| {
            let until = now.saturating_add(milliseconds(file.ttl));
            let mut transaction = database.begin_write()?;
            transaction.set_durability(Durability::Immediate);
            {
                let mut table = transaction.open_table(IDS)?;
                for id in ids {
                    table.insert(*id, until)?;
                }
                file.swept = sweep(&mut table, &file.swept, (now, ids.len() + SWEEP))?;
            }
            transaction.commit()?;
            Ok(())
        })
    }
}

/// Removes what has expired among the `count` ids after `from`; returns where to go on.
fn sweep(
    table: &mut redb::Table<'_, &str, u64>,
    after: &str,
    (now, count): (u64, usize),
) -> Result<String, Problem> {
    let mut expired = Vec::new();
    let (mut last, mut looked_at) = (String::new(), 0);
    for entry in table.range::<&str>((Bound::Excluded(after), Bound::Unbounded))?.take(count) {
        let (id, until) = entry?;
        looked_at += 1;
        id.value().clone_into(&mut last);
        if until.value() <= now {
            expired.push(last.clone());
        }
    }
    for id in &expired {
        table.remove(id.as_str())?;
    }
    // At the end the search starts over.
    Ok(if looked_at < count { String::new() } else { last })
}

/// Creates a store next to its path and moves it there when it is complete. So a file that is empty or cut off is
/// damaged, and never taken for a new one.
fn make(place: &StorePath) -> Result<Database, Failure> {
    let path = &place.path;
    let failed = |error: &io::Error| {
        Failure::new(Kind::Run, format!("cannot create the dedup store `{}`", place.shown))
            .caused_by(reason(error))
            .hint("check `--dedup-store`")
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| failed(&error))?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    // A process with our number may have left it when it was killed.
    let _ = fs::remove_file(&beside);
    let made = initialise(&beside).and_then(|database| {
        match fs::hard_link(&beside, path) {
            Ok(()) => Ok(Some(database)),
            // Another process was faster and holds the store.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            // The file system has no links.
            Err(_) => fs::rename(&beside, path).map(|()| Some(database)),
        }
    });
    let _ = fs::remove_file(&beside);
    match made {
        Ok(Some(database)) => Ok(database),
        Ok(None) => existing(place),
        Err(error) => Err(failed(&error)),
    }
}

fn initialise(path: &Path) -> io::Result<Database> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    let database = builder().create_file(file).map_err(|error| io_error(error.into()))?;
    let transaction = database.begin_write().map_err(|error| io_error(error.into()))?;
    transaction.open_table(IDS).map_err(|error| io_error(error.into()))?;
    transaction.commit().map_err(|error| io_error(error.into()))?;
    Ok(database)
}

fn existing(place: &StorePath) -> Result<Database, Failure> {
    let damaged = |words: String| {
        Failure::new(Kind::Run, format!("the dedup store `{}` is damaged", place.shown))
            .caused_by(words)
            .hint("move the file away to continue with an empty store; earlier ids are then unknown")
    };
    let failed = |words: String| {
        Failure::new(Kind::Run, format!("cannot open the dedup store `{}`", place.shown))
            .caused_by(words)
            .hint("check `--dedup-store`")
    };
    // A file that is cut off makes redb panic.
    let opened = quiet::catch(|| open_checked(&place.path)).unwrap_or_else(|_| Err(misfit()));
    match opened.map_err(|problem| *problem.0) {
        Ok(database) => Ok(database),
        Err(redb::Error::DatabaseAlreadyOpen) => Err(Failure::new(
            Kind::Run,
            format!("the dedup store `{}` is in use by another process", place.shown),
        )
        .hint("members can share a store with `--dedup-store redis://HOST`")),
        Err(redb::Error::Io(error)) => match error.kind() {
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                Err(damaged("not a store of kcons".to_owned()))
            }
            _ => Err(failed(reason(&error))),
        },
        Err(error) => Err(damaged(words(error))),
    }
}

/// Opens a file and reads all of it, since a page that was overwritten shows only in its checksum.
fn open_checked(path: &Path) -> Result<Database, Problem> {
    if fs::metadata(path)?.len() == 0 {
        return Err(corrupted("the file is empty"));
    }
    let mut database = builder().open(path)?;
    if !database.check_integrity()? {
        return Err(corrupted("checksums do not match"));
    }
    database.begin_read()?.open_table(IDS)?;
    Ok(database)
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE).create_with_file_format_v3(true);
    builder
}

fn io_error(error: redb::Error) -> io::Error {
    match error {
        redb::Error::Io(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

/// An error of the database, boxed since it is large.
struct Problem(Box<redb::Error>);

impl<E: std::error::Error + Into<redb::Error>> From<E> for Problem {
    fn from(error: E) -> Problem {
        Problem(Box::new(error.into()))
    }
}

fn corrupted(words: &str) -> Problem {
    redb::Error::Corrupted(words.to_owned()).into()
}

fn misfit() -> Problem {
    corrupted("its pages are inconsistent")
}

fn words(error: redb::Error) -> String {
    match error {
        redb::Error::Io(error) => reason(&error),
        redb::Error::Corrupted(words) => words,
        other => other.to_string(),
    }
}

fn in_one_line(failure: &Failure) -> String {
    let causes = failure.causes.iter().map(|cause| format!(": {cause}"));
    failure.message.clone() + &causes.collect::<String>()
}
