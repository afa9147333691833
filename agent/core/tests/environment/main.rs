//! Reading environments: what people write, what they read when it is wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that cannot go on fails; tests read the shipped files and measure time"
)]

mod broken;
mod cases;
mod estate;
mod files;
mod forms;
mod hostile;
mod kinds;
mod meaning;
mod needs;
mod references;
mod schema;
mod services;
mod structure;
mod syntax;
