use pointsman_core::{document, render, report::Event};
use pointsman_engine::ports::Listener;

use super::{Common, print, screen};

/// Tells a person at a terminal what happens: what moves on the screen, and a
/// line on standard error for what is worth keeping.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    keeps: Keeps,
    form: Form,
}

/// Which events become lines.
#[derive(Clone, Copy, Debug)]
enum Keeps {
    /// Only what went wrong.
    Trouble,
    /// What ended; what goes on is shown where it moves.
    Ends,
    /// Every one.
    All,
}

/// How a line is written.
#[derive(Clone, Copy, Debug)]
enum Form {
    Text,
    Json,
}

impl Terminal {
    /// As the command line asks for it.
    pub fn new(common: &Common) -> Self {
        let keeps = if common.quiet {
            Keeps::Trouble
        } else if screen::is_live() {
            Keeps::Ends
        } else {
            Keeps::All
        };
        Self { keeps, form: if common.json { Form::Json } else { Form::Text } }
    }

    fn keeps(self, event: &Event) -> bool {
        match event {
            Event::Failed { .. } | Event::LeaseLost { .. } => true,
            Event::Started { .. } | Event::Progress { .. } | Event::Sides { .. } => {
                matches!(self.keeps, Keeps::All)
            }
            Event::Waiting { .. }
            | Event::Locked { .. }
            | Event::Quiescing { .. }
            | Event::Recovered { .. }
            | Event::Planned { .. }
            | Event::Checked { .. }
            | Event::Rollout { .. }
            | Event::Finished { .. } => !matches!(self.keeps, Keeps::Trouble),
        }
    }
}

impl Listener for Terminal {
    fn tell(&self, event: &Event) {
        screen::hear(event);
        if !self.keeps(event) {
            return;
        }
        let line = match self.form {
            Form::Text => render::event::line(event),
            // The plan is part of the result.
            Form::Json if matches!(event, Event::Planned { .. }) => None,
            Form::Json => serde_json::to_string(&document::event(event)).ok(),
        };
        if let Some(line) = line {
            print::note(&line);
        }
    }
}
