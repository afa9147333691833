//! The pure heart of Pointsman: what people write, what a plan is, what the
//! lock and state rules are. No async, no input or output, no clock, no
//! environment variables, no randomness, and nothing of AWS's SDK.

pub mod address;
pub mod command;
pub mod cost;
pub mod desired;
pub mod document;
pub mod environment;
pub mod failure;
pub mod forecast;
pub mod graph;
pub mod hash;
pub mod iam;
pub mod journal;
pub mod lease;
pub mod plan;
pub mod policy;
pub mod preflight;
pub mod render;
pub mod report;
pub mod requirement;
pub mod resource;
pub mod rollout;
pub mod scalar;
pub mod state;

pub use address::Address;
