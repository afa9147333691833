//! The Python that the AWS emulator runs in: pinned packages, installed once into the build directory.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// What is installed; the name of the folder follows from it.
const REQUIREMENTS: &str = include_str!("emulator/requirements.txt");

/// The oldest Python that the packages run on.
const OLDEST: (u32, u32) = (3, 10);

/// A Python with the pinned packages at hand.
#[derive(Debug, Clone)]
pub struct Python {
    interpreter: PathBuf,
    packages: PathBuf,
    bytecode: PathBuf,
}

impl Python {
    /// The machine's Python, with the packages installed if that has not happened yet. Safe to
    /// call from many processes at once: one installs, the others wait for it.
    ///
    /// # Errors
    ///
    /// When `python3` or its pip is missing or too old, or the packages cannot be installed.
    pub fn ready() -> Result<Self> {
        static READY: OnceLock<Python> = OnceLock::new();
        if let Some(python) = READY.get() {
            return Ok(python.clone());
        }
        let python = Self::install()?;
        Ok(READY.get_or_init(|| python).clone())
    }

    fn install() -> Result<Self> {
        let (interpreter, version) = interpreter()?;
        let mut hash = Sha256::new();
        hash.update(REQUIREMENTS);
        hash.update(format!("{version:?}"));
        let hash = &hex::encode(hash.finalize())[..12];

        let folder = build_directory().join("world");
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        let python = Self {
            interpreter,
            packages: folder.join(format!("python-{hash}")),
            bytecode: folder.join(format!("python-{hash}-bytecode")),
        };
        if python.packages.is_dir() {
            return Ok(python);
        }
        // The lock goes with the process that holds it, even when that is killed.
        let path = folder.join("python.lock");
        let lock = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
        lock.lock().with_context(|| format!("locking {}", path.display()))?;
        if !python.packages.is_dir() {
            python.fill()?;
        }
        Ok(python)
    }

    /// Installs beside the final place and renames: a folder that exists is complete.
    fn fill(&self) -> Result<()> {
        let unfinished = self.packages.with_extension("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        let list = self.packages.with_extension("txt");
        fs::write(&list, REQUIREMENTS)?;
        writeln!(
            std::io::stderr(),
            "Installing the AWS emulator into {} (once, about 10 s) ...",
            self.packages.display()
        )?;
        let output = Command::new(&self.interpreter)
            .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-input"])
            .args(["--disable-pip-version-check", "--no-compile", "--target"])
            .arg(&unfinished)
            .arg("--requirement")
            .arg(&list)
            .output()
            .context("starting pip")?;
        if !output.status.success() {
            bail!(
                "pip could not install the AWS emulator ({}).\n{}\nThe packages come from PyPI: check the network, \
                 or pip's configuration (pip config list).",
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        fs::rename(&unfinished, &self.packages)?;
        Ok(())
    }

    /// A command that runs `arguments` with the packages importable.
    #[must_use]
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.interpreter);
        command
            .args(arguments)
            .env("PYTHONPATH", &self.packages)
            // Compiled files are kept apart from the sources, which may be a checkout.
            .env("PYTHONPYCACHEPREFIX", &self.bytecode)
            .env("PYTHONNOUSERSITE", "1")
            .env_remove("PYTHONHOME")
            .env_remove("PYTHONSTARTUP");
        command
    }

    /// Runs a script to its end and returns what it printed.
    ///
    /// # Errors
    ///
    /// When it ends with another status than 0; the error quotes what it wrote.
    pub fn run_script(
        &self,
        code: &str,
        arguments: &[&str],
        environment: &[(String, String)],
    ) -> Result<String> {
        let mut command = self.command(["-c", code]);
        command.args(arguments).envs(environment.iter().map(|(name, value)| (name, value)));
        printed(command)
    }
}

/// What a command printed; an error with its standard error when it fails.
pub(crate) fn printed(mut command: Command) -> Result<String> {
    let Output { status, stdout, stderr } = command.output().context("starting Python")?;
    let said = String::from_utf8_lossy(&stdout).into_owned();
    if status.success() {
        return Ok(said);
    }
    bail!("a Python script failed ({status})\n{said}{}", String::from_utf8_lossy(&stderr))
}

/// The path and version of the machine's `python3`. A version manager's wrapper is resolved once:
/// it costs time at every start.
fn interpreter() -> Result<(PathBuf, (u32, u32))> {
    const ASK: &str =
        "import sys, pip; print(sys.executable, sys.version_info[0], sys.version_info[1], sep='\\n')";
    const ADVICE: &str = "The test world's AWS emulator runs in Python 3.10 or newer with pip. Install it, on Debian: \
                          apt-get install python3 python3-pip";
    let output = Command::new("python3")
        .args(["-c", ASK])
        .output()
        .with_context(|| format!("python3 could not be started. {ADVICE}"))?;
    if !output.status.success() {
        bail!("python3 has no pip: {}\n{ADVICE}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let said = String::from_utf8(output.stdout).context("reading python3's path")?;
    let [path, major, minor] = said.lines().collect::<Vec<_>>()[..] else {
        bail!("python3 answered {said:?} when asked for its version");
    };
    let version = (major.parse()?, minor.parse()?);
    if version < OLDEST {
        bail!("python3 is {major}.{minor}. {ADVICE}");
    }
    Ok((PathBuf::from(path), version))
}

/// Cargo's target directory: the one that this program was built into, else the one that the
/// environment names, else a folder for temporary files.
fn build_directory() -> PathBuf {
    let built = std::env::current_exe().ok().and_then(|program| {
        program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file()).map(Path::to_owned)
    });
    built
        .or_else(|| std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from))
        .unwrap_or_else(|| std::env::temp_dir().join("pointsman-world"))
}
