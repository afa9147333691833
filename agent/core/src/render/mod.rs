//! Every sentence that people read, and every form that machines read.

pub mod diagnostic;
pub mod drift;
pub mod event;
pub mod explain;
pub mod failure;
pub mod graph;
pub mod outcome;
pub mod paint;
pub mod plan;
pub mod policy;
pub mod progress;
pub mod pull_request;
pub mod status;
pub mod watch;
pub mod words;
