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
mod issues;
mod limits;
mod manifest;
mod pages;
mod permissions;
mod pulls;
mod reviews;
mod statuses;
#[cfg(test)]
mod tests;

pub use checks::{Annotation, AnnotationLevel, CheckButton, CheckState, CommitCheck};
pub use client::Client;
pub use comment::NewComment;
pub use deployments::{DeploymentState, EnvironmentDeployment};
pub use error::{GithubError, GithubErrorKind};
pub use issues::{IssueComment, Reacted, Reaction};
pub use manifest::{CreatedApp, created_app};
pub use pulls::{Pull, PullState};
pub use reviews::Review;
