//! A whole world: AWS, a config repo on GitHub, and the program under test.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    agent::{Ended, Program, QUICK_LEASE, Running, ended, write},
    aws::{Emulator, Estate, Options},
    clock::Clock,
    git::ConfigRepo,
    github::{GitHub, WEBHOOK_SECRET},
};

/// The example environment.
pub const PRODUCTION: &str = "production/gravity-ai-chat";
/// The example environment's file.
pub const PRODUCTION_FILE: &str = "environments/production/gravity-ai-chat.toml";

/// Everything that a story plays in. Ends when it is dropped.
#[derive(Debug)]
pub struct World {
    /// The account.
    pub aws: Emulator,
    /// What stood in it before.
    pub estate: Estate,
    /// The config repo.
    pub git: ConfigRepo,
    /// Where it is hosted.
    pub github: GitHub,
    program: Program,
    clock: Option<Clock>,
    lease: String,
    folder: TempDir,
}

impl World {
    /// A seeded account, and a config repo with the example's policies and bases on `main`, and no
    /// environment yet.
    pub fn new(program: Program) -> Self {
        Self::with(program, &Options::default())
    }

    /// The same, with an account that behaves otherwise.
    ///
    /// # Panics
    ///
    /// When the account cannot be started.
    pub fn with(program: Program, options: &Options) -> Self {
        let aws = Emulator::with(options).expect("the AWS emulator starts");
        let estate = aws.seed();
        let git = ConfigRepo::create();
        let mut files = example("policies");
        files.extend(example("environments").into_iter().filter(|(path, _)| path.contains("/_")));
        let files: Vec<(&str, Option<&str>)> =
            files.iter().map(|(path, text)| (path.as_str(), Some(text.as_str()))).collect();
        git.commit("main", &files, "Policies and bases");
        let github = GitHub::host(&git);
        let folder =
            tempfile::Builder::new().prefix("pointsman-world-").tempdir().expect("a folder can be made");
        Self { aws, estate, git, github, program, clock: None, lease: QUICK_LEASE.to_owned(), folder }
    }

    /// The same, in which programs skip what they sleep through ([`Clock::lead_skipping`]), and so have the
    /// lease's times that the program ships with: for stories in which never more than one of them lives
    /// at a time.
    #[must_use]
    pub fn skipping(self) -> Self {
        Self { clock: Some(Clock::in_folder(self.folder())), lease: String::new(), ..self }
    }

    /// The same with other times of the lease: the lines of its table.
    #[must_use]
    pub fn leased(self, lines: &str) -> Self {
        Self { lease: format!("[lease]\n{lines}"), ..self }
    }

    /// Does something, and says how long that took by the clock of the programs in it.
    pub fn in_its_own_time<T>(&self, what: impl FnOnce() -> T) -> (T, Duration) {
        let skipped = || self.clock.as_ref().map(Clock::skipped).unwrap_or_default();
        let (began, before) = (Instant::now(), skipped());
        let done = what();
        (done, began.elapsed() + skipped().saturating_sub(before))
    }

    /// The example environment's file as it stands in this repository, but for the cut-over: people use
    /// nothing else. The cut-over has stories of its own.
    pub fn example_environment() -> String {
        let whole = Self::example_with_cut_over();
        let lines = whole.lines().filter(|line| {
            !line.starts_with("old  = \"external.") && !line.starts_with("from = \"external.")
        });
        let without: String = lines.map(|line| format!("{line}\n")).collect();
        assert_ne!(without, whole, "the example cuts over");
        without
    }

    /// The example environment's file, as it stands in this repository.
    pub fn example_with_cut_over() -> String {
        example("environments").remove(PRODUCTION_FILE).expect("the example environment is there")
    }

    /// A folder for a story's files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Opens a pull request that sets one file, and answers its number.
    pub fn propose(&self, branch: &str, file: &str, text: &str, title: &str) -> u64 {
        self.git.branch(branch, "main");
        self.git.commit(branch, &[(file, Some(text))], title);
        self.github.open_pull(branch, "main", title, "")
    }

    /// The agent's configuration, written for this world.
    pub fn configuration(&self, more: &str) -> PathBuf {
        self.configuration_polling("1s", more)
    }

    fn configuration_polling(&self, poll: &str, more: &str) -> PathBuf {
        let app = self.github.app();
        let key = write(self.folder(), "app.pem", &app.private_key_pem);
        let secret = write(self.folder(), "webhook", WEBHOOK_SECRET);
        let text = format!(
            "[repo]\nurl = \"{}\"\npoll = \"{poll}\"\n\n[github]\nrepository = \"{}\"\napi_url = \"{}\"\n\
             app_id = {}\ninstallation_id = {}\nkey_file = \"{}\"\nwrite_pause_ms = 0\n\
             writes_per_minute = 10000\nwrites_per_hour = 100000\nwebhook_secret_file = \"{}\"\n\n\
             [agent]\nname = \"depot\"\ndata_dir = \"{}\"\n\n{}\n{more}",
            self.github.clone_url(),
            self.git.full_name(),
            self.github.api_url(),
            app.app_id,
            app.installation_id,
            key.display(),
            secret.display(),
            self.folder().join("data").display(),
            self.lease,
        );
        write(self.folder(), "pointsman.toml", &text)
    }

    /// A command of the program in this world.
    pub fn command(&self) -> Command {
        let mut command = self.program.command();
        self.aws.lead(&mut command);
        if let Some(clock) = &self.clock {
            clock.lead_skipping(&mut command);
        }
        command
    }

    /// Starts the agent.
    pub fn agent(&self, more_configuration: &str) -> Running {
        let configuration = self.configuration(more_configuration);
        let mut command = self.command();
        command.arg("run").arg("--config").arg(configuration);
        Running::start(&mut command)
    }

    /// Starts an agent that looks so rarely that only webhooks wake it, with a server on a free port.
    pub fn agent_woken(&self, more_configuration: &str) -> Running {
        let more = format!("[server]\nlisten = \"127.0.0.1:0\"\n{more_configuration}");
        let mut command = self.command();
        command.arg("run").arg("--config").arg(self.configuration_polling("1h", &more));
        Running::start(&mut command)
    }

    /// A person's clone of a branch of the config repo.
    ///
    /// # Panics
    ///
    /// When Git cannot clone it.
    pub fn clone_of(&self, branch: &str) -> Clone<'_> {
        let folder = tempfile::Builder::new().prefix("clone-").tempdir_in(self.folder()).expect("a folder");
        let cloned = Command::new("git")
            .args(["clone", "--quiet", "--branch", branch])
            .arg(self.git.path())
            .arg(folder.path())
            .status();
        assert!(cloned.is_ok_and(|status| status.success()), "git cannot clone the config repo");
        std::fs::write(folder.path().join(".git/info/exclude"), "pointsman.toml\n*.plan\n")
            .expect("writable");
        let configuration = format!("[repo]\nurl = \"{}\"\n\n{}", self.github.clone_url(), self.lease);
        write(folder.path(), "pointsman.toml", &configuration);
        Clone { world: self, folder }
    }
}

/// A person's clone of the config repo, in which the command line is used.
#[derive(Debug)]
pub struct Clone<'a> {
    world: &'a World,
    folder: TempDir,
}

impl Clone<'_> {
    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file of it.
    pub fn write(&self, file: &str, text: &str) {
        write(self.path(), file, text);
    }

    /// A command of the program, run in it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.world.command();
        command.current_dir(self.path()).args(arguments);
        command
    }

    /// Runs the program in it to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        ended(&mut self.command(arguments))
    }

    /// Starts the program in it and lets it run.
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::start(&mut self.command(arguments))
    }
}

/// The files of one of this repository's example folders.
fn example(folder: &str) -> BTreeMap<String, String> {
    let root = crate::repository();
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder)).expect("the example is there") {
            let entry = entry.expect("the example can be read");
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
                files.insert(path, text);
            }
        }
    }
    files
}
