//! GitHub: where people already look. Whatever fails here is an error that
//! the caller logs and delivers again later; it never stops a deploy.

mod checks;
mod client;
mod comment;
mod deployments;
mod error;
mod identity;
mod limits;
mod pulls;
mod reviews;
mod statuses;
#[cfg(test)]
mod tests;

pub use checks::{Annotation, CheckState, CommitCheck};
pub use client::Client;
pub use comment::NewComment;
pub use deployments::{DeploymentState, EnvironmentDeployment};
pub use error::{GithubError, GithubErrorKind};
pub use pulls::Pull;
pub use reviews::Review;
