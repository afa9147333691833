use std::path::PathBuf;

use secrecy::SecretString;

/// Where a secret is to be found. The secret itself is read when it is needed,
/// so that a rotated one counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// The text of a file, without white space around it.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
}

/// Why a secret could not be had. Never its text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}; {help}")]
pub struct SecretError {
    /// Which.
    pub what: String,
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub help: String,
}

impl SecretSource {
    /// Reads the secret.
    ///
    /// # Errors
    ///
    /// When it is absent, empty, or not text.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        let error =
            |why: String, help: &str| SecretError { what: self.to_string(), why, help: help.to_owned() };
        let text = match self {
            Self::File(path) => std::fs::read_to_string(path).map_err(|cause| {
                error(cause.to_string(), "write the secret into this file, readable by the agent")
            })?,
            Self::Variable(name) => std::env::var(name)
                .map_err(|cause| error(cause.to_string(), "start the agent with this variable set"))?,
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(error("it is empty".to_owned(), "put the secret there"));
        }
        Ok(SecretString::from(text))
    }
}

impl std::fmt::Display for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Variable(name) => write!(f, "the environment variable {name}"),
        }
    }
}
