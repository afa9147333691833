use std::path::PathBuf;

use git2::{Cred, CredentialType, RemoteCallbacks};
use secrecy::{ExposeSecret, SecretString};

use crate::config::{RepoCredentials, SecretError};

/// How a remote lets us in.
#[derive(Clone, Debug, Default)]
pub enum Credentials {
    /// Without any; over SSH the agent of the user, if one runs.
    #[default]
    None,
    /// A token, over HTTP.
    Token(SecretString),
    /// A private key without passphrase, over SSH.
    SshKey(PathBuf),
}

/// Reads what the configuration names; read anew for each use, so that a
/// rotated token counts.
pub fn from_config(credentials: Option<&RepoCredentials>) -> Result<Credentials, SecretError> {
    Ok(match credentials {
        None => Credentials::None,
        Some(RepoCredentials::Token(source)) => Credentials::Token(source.read()?),
        Some(RepoCredentials::SshKey(path)) => Credentials::SshKey(path.clone()),
    })
}

/// The user's name is asked for, then the secret; whoever asks a third time
/// has refused it. libgit2 itself would ask for ever.
const MOST_QUESTIONS: u32 = 2;

/// The user that GitHub expects with a token; others ignore it.
const TOKEN_USER: &str = "x-access-token";

pub(super) fn callbacks(credentials: &Credentials) -> RemoteCallbacks<'_> {
    let mut callbacks = RemoteCallbacks::new();
    let mut questions = 0;
    let mut answered = false;
    callbacks.credentials(move |_url, user, allowed| {
        questions += 1;
        if questions > MOST_QUESTIONS || answered {
            return Err(git2::Error::from_str("the credentials were refused"));
        }
        if allowed.contains(CredentialType::USERNAME) {
            return Cred::username(user.unwrap_or("git"));
        }
        answered = true;
        match credentials {
            Credentials::Token(token) if allowed.contains(CredentialType::USER_PASS_PLAINTEXT) => {
                Cred::userpass_plaintext(TOKEN_USER, token.expose_secret())
            }
            Credentials::SshKey(path) if allowed.contains(CredentialType::SSH_KEY) => {
                Cred::ssh_key(user.unwrap_or("git"), None, path, None)
            }
            Credentials::None if allowed.contains(CredentialType::SSH_KEY) => {
                Cred::ssh_key_from_agent(user.unwrap_or("git"))
            }
            Credentials::None => {
                Err(git2::Error::from_str("the server asks for credentials, and none are configured"))
            }
            Credentials::Token(_) | Credentials::SshKey(_) => Err(git2::Error::from_str(
                "the server asks for another kind of credentials than the configured one",
            )),
        }
    });
    callbacks
}
