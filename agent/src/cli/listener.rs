use pointsman_core::{render, report::Event};
use pointsman_engine::ports::Listener;

use super::print;

/// Tells a person at a terminal what happens, a line each, on standard error.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Only what went wrong.
    pub quiet: bool,
}

impl Listener for Terminal {
    fn tell(&self, event: &Event) {
        let matters = matches!(event, Event::Failed { .. } | Event::LeaseLost { .. });
        if let Some(line) = render::event::line(event).filter(|_| matters || !self.quiet) {
            print::note(&line);
        }
    }
}
