//! The real Redis and PostgreSQL behind the application.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::server::{free_port, open_folder, program, source, start};
use crate::{
    process::Background,
    python::{self, Python},
};

/// What people write, which images were there at once, and whose migrations began.
const TABLES: &str =
    "CREATE TABLE IF NOT EXISTS rows (id bigserial PRIMARY KEY, person text NOT NULL, image text NOT NULL);
    CREATE TABLE IF NOT EXISTS met (later text NOT NULL, earlier text NOT NULL);
    CREATE TABLE IF NOT EXISTS migrations (image text NOT NULL)";
const STARTS_WITHIN: Duration = Duration::from_secs(30);

/// A Redis and a PostgreSQL on loopback, empty but for three tables. They end when this is dropped, and
/// when this process ends.
#[derive(Debug)]
pub struct Stores {
    python: Python,
    redis_port: u16,
    postgres_port: u16,
    // Dropped in this order: the processes, then their folder.
    _redis: Background,
    _postgres: Background,
    folder: TempDir,
}

impl Stores {
    /// Starts both.
    ///
    /// # Errors
    ///
    /// When one is not installed (the error names the package) or does not start.
    pub fn start() -> Result<Self> {
        let folder = open_folder("pointsman-stores-")?;
        let (redis_port, redis) = redis(&folder)?;
        let (postgres_port, postgres) = postgres(&folder)?;
        let stores = Self {
            python: Python::ready()?,
            redis_port,
            postgres_port,
            _redis: redis,
            _postgres: postgres,
            folder,
        };
        let until = Instant::now() + STARTS_WITHIN;
        loop {
            // Its port is open while it still starts.
            match stores.sql(TABLES) {
                Ok(_) => return Ok(stores),
                Err(error) if Instant::now() > until => return Err(error),
                Err(_) => sleep(Duration::from_millis(50)),
            }
        }
    }

    /// The command line of the application that uses these stores, for
    /// [`Options::task_command`](crate::aws::Options::task_command).
    #[must_use]
    pub fn application(&self) -> Vec<String> {
        let program = [self.python.interpreter().to_owned(), source("application.py")];
        let [python, program] = program.map(|path| path.to_string_lossy().into_owned());
        let [redis, postgres] = [self.redis_port, self.postgres_port].map(|port| port.to_string());
        vec![python, "-I".to_owned(), "-S".to_owned(), program, redis, postgres]
    }

    /// The command line that migrates the database of the same application.
    #[must_use]
    pub fn migration(&self) -> Vec<String> {
        let mut command = self.application();
        command.push("migrate".to_owned());
        command
    }

    /// Where their files and logs are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The command line of an Open WebUI that uses these stores and asks nothing of the internet.
    #[must_use]
    pub fn open_webui(&self, program: &Path) -> Vec<String> {
        let script = format!(
            "export DATABASE_URL=postgresql://postgres@127.0.0.1:{postgres}/postgres \
             REDIS_URL=redis://127.0.0.1:{redis}/0 WEBSOCKET_MANAGER=redis \
             WEBSOCKET_REDIS_URL=redis://127.0.0.1:{redis}/0 ENABLE_WEBSOCKET_SUPPORT=true \
             WEBUI_SECRET_KEY=one-for-all-of-them WEBUI_URL=http://localhost CORS_ALLOW_ORIGIN='*' \
             OFFLINE_MODE=true HF_HUB_OFFLINE=1 RAG_EMBEDDING_ENGINE=openai \
             ENABLE_OLLAMA_API=false ENABLE_OPENAI_API=false ANONYMIZED_TELEMETRY=false DO_NOT_TRACK=true \
             DATA_DIR={folder}/open-webui-$PORT\n\
             mkdir -p \"$DATA_DIR\"\n\
             exec {program} serve --host \"$HOST\" --port \"$PORT\"",
            postgres = self.postgres_port,
            redis = self.redis_port,
            folder = self.folder.path().display(),
            program = program.display(),
        );
        ["/bin/sh", "-c", &script].map(ToOwned::to_owned).to_vec()
    }

    /// How many rows a statement counts.
    ///
    /// # Panics
    ///
    /// When PostgreSQL does not say.
    #[must_use]
    pub(super) fn rows(&self, statement: &str) -> usize {
        let said = self.sql(statement);
        said.and_then(|said| Ok(said.trim().parse()?)).expect("PostgreSQL counts rows")
    }

    /// What PostgreSQL answers to a statement, a line a row.
    ///
    /// # Panics
    ///
    /// When it does not answer.
    #[must_use]
    pub(super) fn said(&self, statement: &str) -> Vec<String> {
        let said = self.sql(statement).expect("PostgreSQL answers");
        said.lines().map(ToOwned::to_owned).collect()
    }

    fn sql(&self, statement: &str) -> Result<String> {
        let mut command = Command::new(program("psql", "postgresql")?);
        command.args(["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h", "127.0.0.1"]);
        command.args(["-p", &self.postgres_port.to_string(), "-d", "postgres", "-c", statement]);
        python::printed(command).context("asking PostgreSQL")
    }
}

fn redis(folder: &TempDir) -> Result<(u16, Background)> {
    let server = program("redis-server", "redis-server")?;
    let port = free_port()?;
    let said = port.to_string();
    let arguments = ["--port", &said, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    let mut command = vec![server.as_os_str()];
    command.extend(arguments.map(OsStr::new));
    let place = format!("127.0.0.1:{port}");
    Ok((port, start("redis", &command, &place, None, folder)?))
}

fn postgres(folder: &TempDir) -> Result<(u16, Background)> {
    let data = folder.path().join("postgres");
    std::fs::create_dir(&data)?;
    // It refuses to run as root.
    let user = if is_root() { Some(somebody(&data)?) } else { None };
    let initdb = program("initdb", "postgresql")?;
    let mut command = match &user {
        Some((user, group)) => {
            let mut command = Command::new(program("setpriv", "util-linux")?);
            command.args(["--reuid", user, "--regid", group, "--clear-groups"]).arg(&initdb);
            command
        }
        None => Command::new(&initdb),
    };
    command.arg("-D").arg(&data).current_dir("/");
    command.args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync"]);
    python::printed(command).context("making a PostgreSQL database")?;

    let server = program("postgres", "postgresql")?;
    let port = free_port()?;
    let said = port.to_string();
    let options = ["-p", &said, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="];
    // Nothing here has to survive a power cut, and nothing may be left outside of its folder.
    let fast = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "dynamic_shared_memory_type=mmap"];
    let mut command = vec![server.as_os_str(), OsStr::new("-D"), data.as_os_str()];
    command.extend(options.iter().chain(&fast).map(OsStr::new));
    let place = format!("127.0.0.1:{port}");
    let user = user.map(|(user, group)| format!("{user}:{group}"));
    Ok((port, start("postgres", &command, &place, user.as_deref(), folder)?))
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0)
}

/// The numbers of a user who is not root, and of its group; the folder is theirs now.
fn somebody(folder: &Path) -> Result<(String, String)> {
    for user in ["postgres", "nobody"] {
        let owned = Command::new("chown").arg(format!("{user}:")).arg(folder).output()?;
        if owned.status.success() {
            let about = std::fs::metadata(folder)?;
            return Ok((about.uid().to_string(), about.gid().to_string()));
        }
    }
    bail!("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}
