//! GitHub: where people already look. Whatever fails here is an error that
//! the caller logs and delivers again later; it never stops a deploy.

mod budget;
mod cache;
mod checks;
mod client;
mod comment;
mod credentials;
mod deployments;
mod error;
mod exchange;
mod identity;
mod limits;
mod pages;
mod pulls;
mod statuses;
#[cfg(test)]
mod tests;

pub use checks::{Annotation, AnnotationLevel, CheckState, CommitCheck};
pub use client::Client;
pub use comment::NewComment;
pub use deployments::{DeploymentState, EnvironmentDeployment};
pub use error::{GithubError, GithubErrorKind};
pub use pulls::Pull;
