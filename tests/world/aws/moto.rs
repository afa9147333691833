//! The second emulator: moto, by other people than the first. It knows no parameter groups, starts
//! no tasks and moves no roll-out; what it can do must come out the same.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::process::Background;
use crate::python::{self, MOTO, Python};

use super::{MISLEADING, REGION, source};

/// An account in moto. It ends when it is dropped.
#[derive(Debug)]
pub struct Moto {
    process: Background,
    endpoint: String,
    python: Python,
    folder: TempDir,
}

impl Moto {
    /// Starts an empty account, with this number.
    ///
    /// # Errors
    ///
    /// When Python or the packages are missing, or it does not start within 60 s.
    pub fn start(account: &str) -> Result<Self> {
        let python = Python::with(&MOTO)?;
        let folder = tempfile::Builder::new()
            .prefix("pointsman-moto-")
            .tempdir()
            .context("making a folder for moto")?;
        let mut command = python.command([source("moto_launch.py")]);
        for name in MISLEADING {
            command.env_remove(name);
        }
        command
            .env("MOTO_ACCOUNT_ID", account)
            .env("WORLD_FOLDER", folder.path())
            .env("TMPDIR", folder.path());
        let log = folder.path().join("moto.log");
        let (process, port) = Background::start("moto", command, &log, Duration::from_secs(60))?;
        let moto = Self { process, endpoint: format!("http://127.0.0.1:{port}"), python, folder };
        std::fs::write(moto.file("config"), "")?;
        std::fs::write(moto.file("credentials"), "")?;
        Ok(moto)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Leads a command to this account, and nowhere else.
    pub fn lead(&self, command: &mut Command) {
        for name in MISLEADING {
            command.env_remove(name);
        }
        command
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "world")
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", self.file("config"))
            .env("AWS_SHARED_CREDENTIALS_FILE", self.file("credentials"))
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("no_proxy", "127.0.0.1,localhost");
    }

    /// Runs Python against the account and returns what it printed; `client("ecs")` makes a client.
    ///
    /// # Panics
    ///
    /// When the code fails; the message quotes its traceback.
    pub fn python(&self, code: &str) -> String {
        let prelude = include_str!("../emulator/prelude.py");
        let mut command = self.python.command(["-c", &format!("{prelude}\n{code}")]);
        self.lead(&mut command);
        match python::printed(command) {
            Ok(said) => said,
            Err(error) => panic!("{error:#}\n--- moto\n{}", self.process.log_tail()),
        }
    }
}
