//! Servers from Debian's packages, each in a process that ends with this one.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::{process::Background, python::Python};

/// How long a server may take to answer on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a server and waits until it answers at `place`: an address with a port, or a socket's path.
/// `user`: the numbers of the user and the group that it runs as, `UID:GID`, if not ours.
pub(super) fn start(
    what: &str,
    command: &[&OsStr],
    place: &str,
    user: Option<&str>,
    folder: &TempDir,
) -> Result<Background> {
    let mut start = Python::ready()?.command(["-I", "-S", "-B"]);
    start
        .arg(source("server.py"))
        .args([place, user.unwrap_or("-")])
        .args(command)
        .env("WORLD_FOLDER", folder.path());
    let log = folder.path().join(format!("{what}.log"));
    Background::start(what, start, &log, PATIENCE).map(|(process, _)| process)
}

/// A file of this module that is no Rust.
pub(super) fn source(name: &str) -> PathBuf {
    crate::repository().join("tests/world/dataplane").join(name)
}

/// Where a program is; an error that names the package if it is nowhere.
pub(super) fn program(name: &str, package: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    // Debian keeps PostgreSQL's own programs out of the way, a folder a version; the newest is taken.
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    let found = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    let Some(found) = found else {
        bail!("`{name}` is missing: the data plane's tests need it. On Debian: apt-get install {package}");
    };
    Ok(found)
}

/// A port of 127.0.0.1 on which nothing listens.
pub(super) fn free_port() -> Result<u16> {
    let probe = std::net::TcpListener::bind(("127.0.0.1", 0)).context("opening a loopback port")?;
    Ok(probe.local_addr()?.port())
}

/// A folder that other users may enter: a folder for temporary files may lie in somebody's home.
pub(super) fn open_folder(prefix: &str) -> Result<TempDir> {
    use std::os::unix::fs::PermissionsExt;
    let enterable = |folder: &Path| {
        folder
            .ancestors()
            .all(|part| std::fs::metadata(part).is_ok_and(|about| about.permissions().mode() & 0o001 != 0))
    };
    let candidates = [PathBuf::from("/dev/shm"), std::env::temp_dir(), "/tmp".into(), "/var/tmp".into()];
    let Some(place) = candidates.iter().find(|folder| folder.is_dir() && enterable(folder)) else {
        bail!("no folder for temporary files that other users may enter: {candidates:?}");
    };
    let folder = tempfile::Builder::new().prefix(prefix).tempdir_in(place)?;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}
