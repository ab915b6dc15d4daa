//! The key that encrypts credentials: given by the environment, or kept in the data directory as `master.key`.

use std::{
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use tongshi_hub::Vault;
use tongshi_model::{Randomness, Secret};

use crate::{config::Config, exit::Failure};

/// The key's file in the data directory.
pub(crate) const FILE: &str = "master.key";

/// A vault, and the file that was made for it just now.
pub(crate) struct Key {
    /// The vault.
    pub(crate) vault: Vault,
    /// The file, when this call made it.
    pub(crate) made: Option<PathBuf>,
}

/// The key from the settings or from its file, which is made if it is absent.
pub(crate) fn get(config: &Config, randomness: &dyn Randomness) -> Result<Key, Failure> {
    if let Some(digits) = &config.settings.key.0 {
        let vault = Vault::from_hex(digits).map_err(|_| {
            Failure::usage("TONGSHI_KEY is no encryption key").mend("set it to 64 hexadecimal digits")
        })?;
        return Ok(Key { vault, made: None });
    }
    let path = config.data.join(FILE);
    let mut made = None;
    if !path.exists() {
        let (_, digits) = Vault::generate(randomness)?;
        if keep(&path, &digits).map_err(|error| cannot("kept", &path, &error))? {
            made = Some(path.clone());
        }
    }
    let digits = std::fs::read_to_string(&path).map_err(|error| cannot("read", &path, &error))?;
    let vault = Vault::from_hex(&Secret::new(digits)).map_err(|_| {
        Failure::usage(format!("{} is no encryption key", path.display()))
            .mend("put the file back as it was; without it stored credentials cannot be read")
    })?;
    Ok(Key { vault, made })
}

/// Keeps a new key, for its owner's eyes only. Says whether it did: another process may have been first, and then
/// its key counts. The file appears whole or not at all.
fn keep(path: &Path, digits: &Secret) -> io::Result<bool> {
    let draft = path.with_extension(format!("key.{}", std::process::id()));
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    writeln!(file, "{}", digits.expose())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("the encryption key {} cannot be {what}: {error}", path.display()))
        .mend("give this user the right to it, or set TONGSHI_KEY")
}
