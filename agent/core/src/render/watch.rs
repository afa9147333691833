//! What `watch` adds to a check's report.

use super::paint::dim;

/// Clears a terminal and what was scrolled out of it, and goes to its first line.
pub const CLEAR: &str = "\u{1b}[2J\u{1b}[3J\u{1b}[H";

/// The last line of each report.
pub fn watching(took_ms: u64) -> String {
    format!("{}\n", dim(&format!("{took_ms} ms after the save; watching, Ctrl-C ends it")))
}
