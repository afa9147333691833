//! The Pythons that the AWS emulators run in: pinned packages, installed once into the build directory.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// Packages that go together; the name of their folder follows from them.
#[derive(Debug)]
pub struct Packages {
    name: &'static str,
    requirements: &'static str,
}

/// What the emulator of nearly all stories runs in.
pub const EMULATOR: Packages =
    Packages { name: "python", requirements: include_str!("emulator/requirements.txt") };

/// What the second emulator runs in.
pub const MOTO: Packages =
    Packages { name: "moto", requirements: include_str!("emulator/moto_requirements.txt") };

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
    /// [`Python::with`] the emulator's packages.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn ready() -> Result<Self> {
        Self::with(&EMULATOR)
    }

    /// The machine's Python, with the packages installed if that has not happened yet. Safe to
    /// call from many processes at once: one installs, the others wait for it.
    ///
    /// # Errors
    ///
    /// When `python3` or its pip is missing or too old, or the packages cannot be installed.
    pub fn with(packages: &Packages) -> Result<Self> {
        static READY: Mutex<BTreeMap<&str, Python>> = Mutex::new(BTreeMap::new());
        let mut ready = READY.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(python) = ready.get(packages.name) {
            return Ok(python.clone());
        }
        let python = Self::install(packages)?;
        ready.insert(packages.name, python.clone());
        Ok(python)
    }

    fn install(packages: &Packages) -> Result<Self> {
        let Packages { name, requirements } = packages;
        let (interpreter, version) = interpreter()?;
        let mut hash = Sha256::new();
        hash.update(requirements);
        hash.update(format!("{version:?}"));
        let hash = &hex::encode(hash.finalize())[..12];

        let folder = build_directory().join("world");
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        let python = Self {
            interpreter,
            packages: folder.join(format!("{name}-{hash}")),
            bytecode: folder.join(format!("{name}-{hash}-bytecode")),
        };
        if python.packages.is_dir() {
            return Ok(python);
        }
        // The lock goes with the process that holds it, even when that is killed.
        let path = folder.join(format!("{name}.lock"));
        let lock = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
        lock.lock().with_context(|| format!("locking {}", path.display()))?;
        if !python.packages.is_dir() {
            python.fill(requirements)?;
        }
        Ok(python)
    }

    /// Installs beside the final place and renames: a folder that exists is complete.
    fn fill(&self, requirements: &str) -> Result<()> {
        let unfinished = self.packages.with_extension("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        let list = self.packages.with_extension("txt");
        fs::write(&list, requirements)?;
        writeln!(
            std::io::stderr(),
            "Installing an AWS emulator into {} (once, about 10 s) ...",
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
                "pip could not install an AWS emulator ({}).\n{}\nThe packages come from PyPI: check the network, \
                 or pip's configuration (pip config list).",
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        fs::rename(&unfinished, &self.packages)?;
        Ok(())
    }

    /// Where it is.
    pub(crate) fn interpreter(&self) -> &Path {
        &self.interpreter
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
pub(crate) fn build_directory() -> PathBuf {
    let built = std::env::current_exe().ok().and_then(|program| {
        program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file()).map(Path::to_owned)
    });
    built
        .or_else(|| std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from))
        .unwrap_or_else(|| std::env::temp_dir().join("pointsman-world"))
}
