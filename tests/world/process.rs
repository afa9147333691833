//! Child processes that end when this process ends, however it ends.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

/// A child process in the background. Dropping it kills it; so does the end of this process.
///
/// The child must watch its standard input, a pipe that this process holds open, and end when it
/// is closed: the kernel closes it even when this process is killed.
#[derive(Debug)]
pub struct Background {
    what: String,
    child: Child,
    log: PathBuf,
}

impl Background {
    /// Starts `command` and waits until it prints a line that begins with `ready`; returns what
    /// follows on that line. Its standard error goes to the file `log`.
    ///
    /// # Errors
    ///
    /// When it cannot be started, ends early, or is not ready within `patience`; the error quotes
    /// the end of the log.
    pub fn start(what: &str, mut command: Command, log: &Path, patience: Duration) -> Result<(Self, String)> {
        let errors = File::create(log).with_context(|| format!("creating {}", log.display()))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
        let child = command.spawn().with_context(|| format!("starting {what}: {command:?}"))?;
        let mut background = Self { what: what.to_owned(), child, log: log.to_owned() };
        let said = background.wait_ready(patience)?;
        Ok((background, said))
    }

    fn wait_ready(&mut self, patience: Duration) -> Result<String> {
        let output = self.child.stdout.take().ok_or_else(|| anyhow!("no standard output"))?;
        let (sender, receiver) = mpsc::channel();
        thread::Builder::new().name(format!("output of {}", self.what)).spawn(move || {
            // Read on after the ready line, or the child would block on a full pipe.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(rest) = line.strip_prefix("ready") {
                    let _ = sender.send(rest.trim().to_owned());
                }
            }
        })?;
        match receiver.recv_timeout(patience) {
            Ok(said) => Ok(said),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                bail!("{} was not ready within {patience:?}\n{}", self.what, self.log_tail())
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                let status = self.child.wait()?;
                bail!("{} ended before it was ready ({status})\n{}", self.what, self.log_tail())
            }
        }
    }

    /// The operating system's number of the process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The last lines that the process wrote to its standard error.
    #[must_use]
    pub fn log_tail(&self) -> String {
        const LINES: usize = 40;
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Both fail only when the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory that a process has had so far, in MiB.
#[must_use]
pub fn peak(process: u32) -> f64 {
    mebibytes(process, "VmHWM:")
}

/// The memory that a process has now, in MiB.
#[must_use]
pub fn resident(process: u32) -> f64 {
    mebibytes(process, "VmRSS:")
}

fn mebibytes(process: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kibibytes.unwrap_or_default() / 1024.0
}

/// How many files, sockets and the like a process has open.
#[must_use]
pub fn handles(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().count()
}

/// The processes that a process has started and not yet waited for.
#[must_use]
pub fn children(process: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|text| text.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>())
        .collect()
}
