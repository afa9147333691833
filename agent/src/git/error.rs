use git2::{ErrorClass, ErrorCode};

/// Why the config repo could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}; {help}")]
pub struct GitError {
    /// What callers tell apart.
    pub kind: GitErrorKind,
    /// What was tried, on what.
    pub what: String,
    /// What is wrong.
    pub why: String,
    /// What to do next.
    pub help: String,
}

/// What callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GitErrorKind {
    /// No answer, or none that is Git's.
    Unreachable,
    /// The credentials are missing or refused.
    Unauthorized,
    /// There is no such repository, or not for these credentials.
    NotFound,
    /// The repository has no commit yet.
    Empty,
    /// The watched branch does not exist.
    BranchMissing,
    /// The mirror does not have this commit.
    CommitMissing,
    /// A bound is exceeded.
    TooLarge,
    /// The folder of the mirror cannot be used.
    Mirror,
}

impl GitError {
    pub(super) fn new(
        kind: GitErrorKind,
        what: impl Into<String>,
        why: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { kind, what: what.into(), why: why.into(), help: help.into() }
    }

    /// From what libgit2 says about talking to a remote.
    pub(super) fn of_remote(what: String, error: &git2::Error) -> Self {
        let why = error.message().trim().to_owned();
        let http = |code: u16| error.class() == ErrorClass::Http && why.contains(&code.to_string());
        let (kind, help) = match (error.code(), error.class()) {
            (ErrorCode::Auth, _) => (
                GitErrorKind::Unauthorized,
                "give [repo] a `token_file`, `token_env` or `ssh_key_file` that may read the repository",
            ),
            (_, ErrorClass::Callback) => (
                GitErrorKind::Unauthorized,
                "check that the token or key in [repo] is valid and may read the repository",
            ),
            _ if http(401) || http(403) || why.contains("authentication replays") => (
                GitErrorKind::Unauthorized,
                "check that the token in [repo] is valid and may read the repository",
            ),
            (ErrorCode::Certificate, _) => (
                GitErrorKind::Unreachable,
                "the server's certificate or host key is not known here: add it to the system's certificates, or to ~/.ssh/known_hosts",
            ),
            (ErrorCode::Owner, _) => (
                GitErrorKind::Unauthorized,
                "the folder belongs to another user: run the agent as its owner, or name it in Git's safe.directory",
            ),
            _ if http(404) => (
                GitErrorKind::NotFound,
                "check `url` in [repo]; a private repository looks absent without credentials",
            ),
            // What libgit2 says of a folder that is not there.
            _ if why.contains("unsupported URL protocol") => (
                GitErrorKind::NotFound,
                "check `url` in [repo]: it is neither an address that Git knows nor a folder that exists",
            ),
            (ErrorCode::NotFound, ErrorClass::Repository | ErrorClass::Os | ErrorClass::Filesystem) => {
                (GitErrorKind::NotFound, "check `url` in [repo]")
            }
            _ => (
                GitErrorKind::Unreachable,
                "check `url` in [repo], the network and the server; it is tried again at the next poll",
            ),
        };
        Self::new(kind, what, why, help)
    }

    /// From what libgit2 says about the mirror itself.
    pub(super) fn of_mirror(what: impl Into<String>, error: &git2::Error) -> Self {
        let help = "stop the agent, delete the mirror under `data_dir`, start it again: it is fetched anew";
        Self::new(GitErrorKind::Mirror, what, error.message(), help)
    }
}
