//! The journal: what a run is about to write, told before it is written, so
//! that whoever comes after a crash knows where to look.

mod chain;
mod entry;
mod history;
mod open;

pub use chain::{Broken, Chain, verify};
pub use entry::{Act, Entry, Found, Intent, Part, Started};
pub use history::{Fault, History, Release, Told};
pub use open::{Run, open_intents, settle};
