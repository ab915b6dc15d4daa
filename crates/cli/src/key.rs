//! The keys that encrypt credentials: given by the environment, or kept in the data directory as `master.key`, one a
//! line, the newest first. The file is replaced as a whole, so that at every instant a reader finds what it needs.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use tongshi_hub::{KeySource, Vault};
use tongshi_model::{Error, Randomness, Secret};

use crate::{config::Config, exit::Failure};

/// The keys' file in the data directory.
pub(crate) const FILE: &str = "master.key";

/// A vault, and the file that was made for it just now.
pub(crate) struct Key {
    /// The vault.
    pub(crate) vault: Vault,
    /// The file, when this call made it.
    pub(crate) made: Option<PathBuf>,
}

/// The keys from the settings or from their file, which is made if it is absent.
pub(crate) fn get(config: &Config, randomness: &dyn Randomness) -> Result<Key, Failure> {
    let path = config.data.join(FILE);
    let mut made = None;
    if !is_given(config) && !path.exists() {
        let (_, digits) = Vault::generate(randomness)?;
        if keep(&path, &digits).map_err(|error| cannot("kept", &path, &error))? {
            made = Some(path);
        }
    }
    let vault = existing(config)?.ok_or_else(|| Failure::internal("a key disappeared while it was read"))?;
    Ok(Key { vault, made })
}

/// The keys from the settings or from their file; none where there are none. Makes nothing.
pub(crate) fn existing(config: &Config) -> Result<Option<Vault>, Failure> {
    if let Some(digits) = &config.settings.key.0 {
        let given = Given(digits.expose().split(',').map(Secret::new).collect());
        let vault = Vault::from_source(given).map_err(|_| {
            Failure::usage("TONGSHI_KEY is no encryption key").mend(
                "set it to 64 hexadecimal digits, or to several such keys with commas, the newest first",
            )
        })?;
        return Ok(Some(vault));
    }
    let path = config.data.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    read(&path).map_err(|error| cannot("read", &path, &error))?;
    let vault = Vault::from_source(Kept(path.clone())).map_err(|_| {
        Failure::usage(format!("{} is no encryption key", path.display()))
            .mend("put the file back as it was; without it stored credentials cannot be read")
    })?;
    Ok(Some(vault))
}

/// Whether the environment or the configuration gives the keys, so that no file counts.
pub(crate) fn is_given(config: &Config) -> bool {
    config.settings.key.0.is_some()
}

/// Puts a new key before those of the file, and gives its id. From then on it seals.
pub(crate) fn add(config: &Config, randomness: &dyn Randomness) -> Result<String, Failure> {
    let path = config.data.join(FILE);
    let failed = |error: io::Error| cannot("replaced", &path, &error);
    let _lock = lock(&path).map_err(failed)?;
    let (vault, digits) = Vault::generate(randomness)?;
    let keys = [vec![digits], read(&path).map_err(failed)?].concat();
    replace(&path, &keys).map_err(failed)?;
    Ok(vault.key_ids().concat())
}

/// Takes the keys with these ids out of the file; they go into another file, where one is named.
pub(crate) fn remove(config: &Config, ids: &[String], to: Option<&Path>) -> Result<(), Failure> {
    let path = config.data.join(FILE);
    let failed = |error: io::Error| cannot("replaced", &path, &error);
    let _lock = lock(&path).map_err(failed)?;
    let (mut kept, mut retired) = (Vec::new(), Vec::new());
    for digits in read(&path).map_err(failed)? {
        let id = Vault::from_hex(&digits)?.key_ids().concat();
        if ids.contains(&id) { retired.push(digits) } else { kept.push(digits) }
    }
    if kept.is_empty() {
        return Err(Failure::internal("the last key cannot be taken away"));
    }
    if let Some(to) = to {
        if to.exists() {
            return Err(
                Failure::usage(format!("{} is there already", to.display())).mend("name another file")
            );
        }
        replace(to, &retired).map_err(|error| cannot("kept in", to, &error))?;
    }
    replace(&path, &kept).map_err(failed)
}

/// Keys that do not change while the process runs.
struct Given(Vec<Secret>);

impl KeySource for Given {
    fn keys(&self) -> Result<Vec<Secret>, Error> {
        Ok(self.0.clone())
    }
}

/// Keys of a file that another process may replace.
struct Kept(PathBuf);

impl KeySource for Kept {
    fn keys(&self) -> Result<Vec<Secret>, Error> {
        read(&self.0).map_err(|error| {
            Error::unavailable("the file of the encryption keys cannot be read").caused_by(error)
        })
    }
}

fn read(path: &Path) -> io::Result<Vec<Secret>> {
    let text = std::fs::read_to_string(path)?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Secret::new).collect())
}

/// Two processes that change the file at once must not lose each other's key.
fn lock(path: &Path) -> io::Result<File> {
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path.with_extension("key.lock"))?;
    lock.lock()?;
    Ok(lock)
}

/// Replaces the file as a whole: whatever happens, it holds the keys before or the keys after.
fn replace(path: &Path, keys: &[Secret]) -> io::Result<()> {
    let draft = draft(path, keys)?;
    std::fs::rename(&draft, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Keeps a new key, for its owner's eyes only. Says whether it did: another process may have been first, and then
/// its key counts. The file appears whole or not at all.
fn keep(path: &Path, digits: &Secret) -> io::Result<bool> {
    let draft = draft(path, std::slice::from_ref(digits))?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

fn draft(path: &Path, keys: &[Secret]) -> io::Result<PathBuf> {
    let draft = path.with_extension(format!("key.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    for key in keys {
        writeln!(file, "{}", key.expose())?;
    }
    file.sync_all()?;
    Ok(draft)
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("the encryption key {} cannot be {what}: {error}", path.display()))
        .mend("give this user the right to it, or set TONGSHI_KEY")
}
