//! Every sentence that people read, and every form that machines read.

pub mod adoption;
pub mod cost;
pub mod diagnostic;
pub mod drift;
pub mod event;
pub mod explain;
pub mod failure;
pub mod forecast;
pub mod graph;
pub mod history;
pub mod iam;
pub mod init;
pub mod layout;
pub mod lock;
pub mod outcome;
pub mod paint;
pub mod plan;
pub mod policy;
pub mod preflight;
pub mod progress;
pub mod pull_request;
pub mod requirement;
pub mod rollout;
pub mod status;
pub mod watch;
pub mod words;
