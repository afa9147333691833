//! The AWS side of the world: an emulator in a process of its own, and a proxy in front of it.

mod bucket;
mod call;
mod chaos;
mod count;
mod estate;
mod faults;
mod hold;
mod moto;
mod operation;
mod proxy;
mod upstream;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

pub use call::{Asked, Call};
pub use chaos::{Harm, On, Weather};
pub use estate::Estate;
pub use hold::{Held, Place};
pub use moto::Moto;
pub use proxy::Proxy;

use crate::process::Background;
use crate::python::{self, Python};
use crate::snippets;

/// The account of the example estate.
pub const ACCOUNT: &str = "908027381725";
/// The profile that the example estate's file names.
pub const PROFILE: &str = "908027381725_AdministratorAccess";
/// The region of everything.
pub const REGION: &str = "us-east-1";

/// Variables that would lead a child process away from the emulator.
const MISLEADING: [&str; 11] = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CA_BUNDLE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
];

/// How a world's AWS behaves. `Options::default()` is the fast, patient one.
#[derive(Debug, Clone)]
pub struct Options {
    /// The account, twelve digits.
    pub account: String,
    /// How long load balancers and caches take to become available, change, and go.
    pub ready_after: Duration,
    /// The longest that a deregistered target drains; the group's own delay if that is shorter.
    pub drain: Duration,
    /// How long a task with unhealthy targets is let be before ECS replaces it.
    pub grace: Duration,
    /// The command line of every ECS task: it must listen on `$HOST:$PORT`. By default a small
    /// HTTP server that answers 200 on `/` and `/health` with its name.
    pub task_command: Option<Vec<String>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            account: ACCOUNT.to_owned(),
            ready_after: Duration::ZERO,
            drain: Duration::from_millis(300),
            grace: Duration::from_secs(3),
            task_command: None,
        }
    }
}

/// An AWS account of its own, empty at first. Everything of it ends when it is dropped, and when
/// this process ends, even by SIGKILL.
#[derive(Debug)]
pub struct Emulator {
    // Dropped in this order: the proxy, the emulator with its tasks, the folder.
    proxy: Proxy,
    process: Background,
    address: String,
    python: Python,
    account: String,
    drain: Duration,
    folder: TempDir,
}

impl Emulator {
    /// Starts an empty account with the default options.
    ///
    /// # Panics
    ///
    /// When it cannot be started; the message says why. [`Emulator::with`] returns the error.
    #[must_use]
    pub fn start() -> Self {
        match Self::with(&Options::default()) {
            Ok(emulator) => emulator,
            Err(error) => panic!("the AWS emulator did not start: {error:#}"),
        }
    }

    /// Starts an empty account.
    ///
    /// # Errors
    ///
    /// When Python or its packages are missing, or the emulator does not start within three minutes.
    pub fn with(options: &Options) -> Result<Self> {
        let python = Python::ready()?;
        let folder = tempfile::Builder::new()
            .prefix("pointsman-aws-")
            .tempdir()
            .context("making a folder for the emulator")?;
        let mut command = python.command([source("launch.py")]);
        for name in MISLEADING {
            command.env_remove(name);
        }
        command
            .env("MINISTACK_ACCOUNT_ID", &options.account)
            .env("MINISTACK_REGION", REGION)
            .env("WORLD_READY_SECONDS", seconds(options.ready_after))
            .env("WORLD_DRAIN_SECONDS", seconds(options.drain))
            .env("WORLD_GRACE_SECONDS", seconds(options.grace))
            .env("WORLD_FOLDER", folder.path())
            .env("TMPDIR", folder.path());
        match &options.task_command {
            Some(line) => command.env("WORLD_TASK_COMMAND", serde_json::to_string(line)?),
            None => command.env_remove("WORLD_TASK_COMMAND"),
        };
        let log = folder.path().join("emulator.log");
        let (process, port) = Background::start("the AWS emulator", command, &log, Duration::from_secs(180))?;
        let address = format!("127.0.0.1:{port}");
        let emulator = Self {
            proxy: Proxy::start(&address)?,
            process,
            address,
            python,
            account: options.account.clone(),
            drain: options.drain,
            folder,
        };
        emulator.write_profile()?;
        Ok(emulator)
    }

    /// Credentials and region of the estate's profile, in files of this world alone.
    fn write_profile(&self) -> Result<()> {
        let keys = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = world\n";
        let config = format!("[profile {PROFILE}]\nregion = {REGION}\n{keys}");
        std::fs::write(self.config_file(), config)?;
        std::fs::write(self.credentials_file(), format!("[{PROFILE}]\n{keys}[default]\n{keys}"))?;
        Ok(())
    }

    fn config_file(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    fn credentials_file(&self) -> PathBuf {
        self.folder.path().join("credentials")
    }

    /// The account's number.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The longest that a deregistered target drains in it.
    #[must_use]
    pub fn drain(&self) -> Duration {
        self.drain
    }

    /// The proxy between the agent and the account: what was called, how slowly, what fails.
    #[must_use]
    pub fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    /// Where the agent calls AWS: the proxy.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.proxy.endpoint()
    }

    /// The emulator itself, for calls that are not the agent's: they are neither recorded nor slowed.
    #[must_use]
    pub fn direct_endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The operating system's number of the emulator's process.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// What the emulator wrote to its log last: look here when an answer is a 500.
    #[must_use]
    pub fn log_tail(&self) -> String {
        self.process.log_tail()
    }

    /// The variables for a child process that uses this account, through the proxy.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        self.environment_at(&self.endpoint())
    }

    fn environment_at(&self, endpoint: &str) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "world"),
            ("AWS_REGION", REGION),
            // boto3 reads this one.
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", &self.config_file().to_string_lossy()),
            ("AWS_SHARED_CREDENTIALS_FILE", &self.credentials_file().to_string_lossy()),
            ("NO_PROXY", "127.0.0.1,localhost"),
            ("no_proxy", "127.0.0.1,localhost"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// Sets [`environment`](Self::environment) on a command and removes what would mislead it.
    pub fn lead(&self, command: &mut Command) {
        self.lead_to(command, &self.endpoint());
    }

    fn lead_to(&self, command: &mut Command, endpoint: &str) {
        for name in MISLEADING {
            command.env_remove(name);
        }
        command.envs(self.environment_at(endpoint));
    }

    /// Makes what exists before the first deploy of the example estate: network, old service,
    /// database, files, secrets, roles, state bucket, lock table, topic.
    ///
    /// # Panics
    ///
    /// When a call fails; the message quotes it.
    #[must_use]
    pub fn seed(&self) -> Estate {
        match self.try_seed() {
            Ok(estate) => estate,
            Err(error) => panic!("{error:#}\n{}", self.log_tail()),
        }
    }

    /// Same as [`seed`](Self::seed).
    ///
    /// # Errors
    ///
    /// When a call fails.
    pub fn try_seed(&self) -> Result<Estate> {
        // -S: it needs the standard library only, and starts faster so.
        let mut command = self.python.command(["-S"]);
        command.arg(source("seed.py")).arg(self.direct_endpoint());
        let said = python::printed(command).context("seeding the account")?;
        serde_json::from_str(&said).with_context(|| format!("reading {said:?}"))
    }

    /// Runs Python against the account itself, not through the proxy, and returns what it printed.
    /// `boto3`, `json` and `time` are imported, `client("ecs")` makes a client, and `code_of(f, **k)`
    /// is the code of the error that the call answers, or `OK`.
    ///
    /// # Panics
    ///
    /// When the code fails; the message quotes its traceback.
    pub fn python(&self, code: &str) -> String {
        match snippets::run(&self.python, code, &self.environment_at(&self.direct_endpoint())) {
            Ok(said) => said,
            Err(error) => panic!("{error:#}\n--- emulator\n{}", self.log_tail()),
        }
    }

    /// A command that runs such Python through the proxy, as the agent would call.
    #[must_use]
    pub fn script(&self, code: &str) -> Command {
        let prelude = include_str!("../emulator/prelude.py");
        let mut command = self.python.command(["-c", &format!("{prelude}\n{code}")]);
        self.lead(&mut command);
        command
    }

    /// The value of a Python expression, by way of JSON. What JSON does not know is written as text.
    ///
    /// # Panics
    ///
    /// When the expression fails.
    #[must_use]
    pub fn value(&self, expression: &str) -> serde_json::Value {
        let said = self.python(&format!("print(json.dumps({expression}, default=str))"));
        match serde_json::from_str(&said) {
            Ok(value) => value,
            Err(error) => panic!("{expression} printed {said:?}: {error}"),
        }
    }
}

fn seconds(duration: Duration) -> String {
    duration.as_secs_f64().to_string()
}

/// A file of the emulator's own code.
fn source(name: &str) -> PathBuf {
    crate::repository().join("tests/world/emulator").join(name)
}
