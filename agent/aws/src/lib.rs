//! AWS, as the engine's ports ask for it. The only crate that names AWS's SDK.

#![allow(clippy::result_large_err, reason = "an error ends the step it happens in: its size costs nothing")]

mod aws;
mod backend;
mod call;
mod client;
mod error;
mod externals;
mod file_systems;
mod help;
mod kinds;
mod named;
mod network;
mod preflight;
mod scope;
mod secret_value;
mod secrets;
mod wait;

pub use client::{Access, Settings, connect};
