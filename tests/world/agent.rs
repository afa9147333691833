//! The program under test: run to its end as a command, or kept running as the agent.

use std::{
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

/// The program `pointsman`, by its path.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
}

/// What a command printed, and how it ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// The exit code; -1 when a signal ended it.
    pub code: i32,
}

impl Ended {
    /// The same, when it ended with this code.
    ///
    /// # Panics
    ///
    /// When it ended otherwise; the message quotes what it printed.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert!(
            self.code == code,
            "it ended with {} instead of {code}\n--- out\n{}\n--- err\n{}",
            self.code,
            self.out,
            self.err
        );
        self
    }
}

impl Program {
    /// The program at a path.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Builds the program as this crate was built, and answers it. What cargo says while it
    /// builds goes to standard error.
    ///
    /// # Panics
    ///
    /// When it cannot be built.
    pub fn build() -> Self {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let mut command = Command::new(cargo);
        command.args(["build", "--quiet", "--workspace", "--bin", "pointsman"]);
        command.arg("--message-format=json-render-diagnostics").current_dir(crate::repository());
        let output = command.stderr(Stdio::inherit()).output().expect("cargo starts");
        assert!(output.status.success(), "pointsman cannot be built; cargo says why above");
        let path = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|message| message["target"]["name"] == "pointsman")
            .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
            .next_back();
        Self::at(path.expect("cargo names the program that it built"))
    }

    /// A command of it, which ends with this process and has no terminal.
    pub fn command(&self) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(&self.path);
        command.stdin(Stdio::null()).env_remove("POINTSMAN_LOG").env("NO_COLOR", "1").env("USER", "robin");
        command
    }
}

/// Runs a command to its end.
///
/// # Panics
///
/// When it cannot be started.
pub fn ended(command: &mut Command) -> Ended {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    Ended {
        out: String::from_utf8_lossy(&stdout).into_owned(),
        err: String::from_utf8_lossy(&stderr).into_owned(),
        code: status.code().unwrap_or(-1),
    }
}

/// A program that goes on running; killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    said: Arc<(Mutex<String>, Condvar)>,
}

impl Running {
    /// Starts a command; what it prints on standard error is kept.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> Self {
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let said = Arc::new((Mutex::new(String::new()), Condvar::new()));
        let mut pipe = child.stderr.take().expect("standard error is a pipe");
        let heard = said.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read) = pipe.read(&mut buffer) {
                if read == 0 {
                    break;
                }
                let (text, changed) = &*heard;
                text.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
                changed.notify_all();
            }
        });
        Self { child, said }
    }

    /// Everything that it said so far.
    pub fn said(&self) -> String {
        self.said.0.lock().unwrap().clone()
    }

    /// Waits until it has said something.
    ///
    /// # Panics
    ///
    /// When the time is up; the message quotes what it said instead.
    #[track_caller]
    pub fn wait_until_said(&self, what: &str, patience: Duration) {
        let (text, changed) = &*self.said;
        let (text, _) =
            changed.wait_timeout_while(text.lock().unwrap(), patience, |text| !text.contains(what)).unwrap();
        assert!(text.contains(what), "it did not say `{what}` within {patience:?}; it said\n{text}");
    }

    /// Whether it has ended.
    ///
    /// # Panics
    ///
    /// When it cannot be asked.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it can be waited for").is_some()
    }

    /// Its process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as `kill -9` does.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end (SIGTERM).
    ///
    /// # Panics
    ///
    /// When it has ended already.
    pub fn ask_to_stop(&self) {
        self.signal("TERM");
    }

    /// Stops all of it where it is, until [`Self::thaw`].
    ///
    /// # Panics
    ///
    /// When it has ended already.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    ///
    /// # Panics
    ///
    /// When it has ended already.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name]).arg(self.child.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "it had ended already; it said\n{}", self.said());
    }

    /// Asks it to end (SIGTERM) and waits; answers what it said, and its exit code.
    ///
    /// # Panics
    ///
    /// When it does not end in time.
    pub fn stop(self, patience: Duration) -> (String, i32) {
        self.ask_to_stop();
        self.ended(patience)
    }

    /// Waits until it has ended; answers what it said, and its exit code.
    ///
    /// # Panics
    ///
    /// When it does not end in time.
    pub fn ended(mut self, patience: Duration) -> (String, i32) {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return (self.said(), status.code().unwrap_or(-1));
            }
            assert!(
                Instant::now() < deadline,
                "it did not end within {patience:?}; it said\n{}",
                self.said()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lock times for tests: about a tenth of the real ones.
pub const QUICK_LEASE: &str = "[lease]\nheartbeat_ms = 500\nfresh_ms = 3000\nattempt_ms = 2000\nwatch_ms = 6000\nquiesce_ms = 5000\nlook_again_ms = 1000\n";

/// Writes a file below a folder.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).expect("the folder can be made");
    }
    std::fs::write(&path, text).expect("the file can be written");
    path
}
