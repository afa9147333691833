//! What goes on while people wait, for terminals: a line for the whole, and a
//! line for each step in hand. Nothing is shown of what takes no second.

use std::collections::BTreeMap;

use super::{
    paint::{bold, dim, plain, red, yellow},
    words,
};
use crate::{Address, environment::EnvironmentName, lease::Timing, plan::Action, report::Event};

/// What takes less than this is not shown while it goes on.
const WORTH_SHOWING_MS: u64 = 1_000;
/// So many steps in hand are shown; the others are counted.
const MOST_STEPS: usize = 8;

/// Where one run stands, as far as it was told. Times are milliseconds on a
/// clock of the caller's.
#[derive(Clone, Debug)]
pub struct Board {
    environment: String,
    since_ms: u64,
    phase: Phase,
    asked: Option<String>,
    answers: usize,
    total: usize,
    done: usize,
    failed: usize,
    in_hand: BTreeMap<Address, Step>,
    has_lock: bool,
    is_stopping: bool,
}

#[derive(Clone, Debug)]
enum Phase {
    Looking,
    Waiting(String),
    Quiescing(u64),
    /// The plan is shown, and somebody may be asked: nothing moves.
    Judged,
    Applying,
}

#[derive(Clone, Debug)]
struct Step {
    action: Action,
    since_ms: u64,
    says: Option<String>,
}

/// What is on the screen at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The whole in one line.
    pub overview: String,
    /// How many changes have ended, and of how many, once that is known.
    pub ended: Option<(usize, usize)>,
    /// The steps in hand, a line each, the longest first.
    pub steps: Vec<String>,
}

impl Board {
    /// Nothing is known yet but what is looked at.
    pub fn new(environment: &str, now_ms: u64) -> Self {
        Self {
            environment: environment.to_owned(),
            since_ms: now_ms,
            phase: Phase::Looking,
            asked: None,
            answers: 0,
            total: 0,
            done: 0,
            failed: 0,
            in_hand: BTreeMap::new(),
            has_lock: false,
            is_stopping: false,
        }
    }

    /// A call to AWS leaves: `ecs:DescribeServices`.
    pub fn asks(&mut self, call: String) {
        self.asked = Some(call);
    }

    /// A call to AWS was answered.
    pub fn answered(&mut self) {
        self.answers += 1;
    }

    /// Something is printed, or somebody is asked: nothing is shown until more happens.
    pub fn rests(&mut self) {
        self.phase = Phase::Judged;
    }

    /// It ends after the steps in hand.
    pub fn stops(&mut self) {
        self.is_stopping = true;
    }

    /// Takes in what happened.
    pub fn hear(&mut self, event: &Event, now_ms: u64) {
        match event {
            Event::Waiting { holder, .. } => {
                let who = if holder.who.is_empty() { "someone unknown" } else { &holder.who };
                self.phase = Phase::Waiting(who.to_owned());
            }
            Event::Locked { .. } => {
                self.has_lock = true;
                self.phase = Phase::Looking;
            }
            Event::Quiescing { for_ms } => self.phase = Phase::Quiescing(now_ms + for_ms),
            Event::Recovered { .. } => self.phase = Phase::Looking,
            Event::Planned { judged } => {
                self.total = judged.plan.changes.len();
                self.phase = Phase::Judged;
            }
            Event::Started { address, action } => {
                self.phase = Phase::Applying;
                let step = Step { action: *action, since_ms: now_ms, says: None };
                self.in_hand.insert(address.clone(), step);
            }
            Event::Progress { address, says } => {
                self.phase = Phase::Applying;
                let step = Step { action: Action::Update, since_ms: now_ms, says: None };
                self.in_hand.entry(address.clone()).or_insert(step).says = Some(says.clone());
            }
            Event::Finished { address, .. } => {
                self.in_hand.remove(address);
                self.done += 1;
            }
            Event::Failed { address, .. } => {
                self.in_hand.remove(address);
                self.failed += 1;
            }
            Event::LeaseLost { .. } => self.has_lock = false,
            Event::Checked { .. } | Event::Sides { .. } => {}
            // It says all of it in lines of its own.
            Event::Rollout { .. } => self.phase = Phase::Judged,
        }
    }

    /// What is shown now; nothing at first, and while somebody is asked.
    pub fn view(&self, now_ms: u64) -> Option<View> {
        if now_ms.saturating_sub(self.since_ms) < WORTH_SHOWING_MS {
            return None;
        }
        let environment = bold(&plain(&self.environment));
        let text = match &self.phase {
            Phase::Judged => return None,
            Phase::Looking => {
                let asked = self.asked.as_ref().map(|call| format!(": {}", plain(call))).unwrap_or_default();
                let answers = match self.answers {
                    0 => String::new(),
                    answers => format!(", {}", words::count(answers, "answer", "answers")),
                };
                format!("looking at {environment}{answers}{asked}")
            }
            Phase::Waiting(who) => format!("waiting for the lock of {environment}, held by {}", plain(who)),
            Phase::Quiescing(until_ms) => format!(
                "waiting {} more, so that the last calls of the run before end",
                words::took(until_ms.saturating_sub(now_ms))
            ),
            Phase::Applying => {
                let failed = match self.failed {
                    0 => String::new(),
                    failed => format!(", {}", red(&format!("{failed} failed"))),
                };
                format!("{environment} {} of {} done{failed}", self.done, self.total)
            }
        };
        let stopping =
            if self.is_stopping { yellow("stopping after what is in hand: ") } else { String::new() };
        let took = dim(&words::took(now_ms.saturating_sub(self.since_ms)));
        let is_applying = matches!(self.phase, Phase::Applying);
        Some(View {
            // What is cut off where a terminal is narrow stands last.
            overview: format!("{took} {stopping}{text}"),
            ended: is_applying.then_some((self.done + self.failed, self.total)),
            steps: if is_applying { self.steps(now_ms) } else { Vec::new() },
        })
    }

    fn steps(&self, now_ms: u64) -> Vec<String> {
        let mut steps: Vec<(&Address, &Step)> = self
            .in_hand
            .iter()
            .filter(|(_, step)| now_ms.saturating_sub(step.since_ms) >= WORTH_SHOWING_MS)
            .collect();
        steps.sort_by_key(|(address, step)| (step.since_ms, *address));
        let more = steps.len().saturating_sub(MOST_STEPS);
        let mut lines: Vec<String> = steps
            .into_iter()
            .take(MOST_STEPS)
            .map(|(address, step)| {
                let took = dim(&words::took(now_ms.saturating_sub(step.since_ms)));
                let says = step.says.as_ref().map(|says| format!(": {}", quoted(says))).unwrap_or_default();
                format!("{} {} {took}{says}", words::doing(step.action), bold(address.as_str()))
            })
            .collect();
        if more > 0 {
            lines.push(dim(&format!("and {more} more")));
        }
        lines
    }
}

/// AWS's words in one line.
fn quoted(says: &str) -> String {
    format!("“{}”", plain(says).replace('\n', " "))
}

/// What the first Ctrl-C brings.
pub fn stopping() -> String {
    format!(
        "{} after the steps in hand; the lock is given back then. Ctrl-C once more ends at once.",
        yellow("stopping")
    )
}

/// What Ctrl-C brings where nothing is written anyway.
pub fn stopped_reading(environment: &EnvironmentName) -> String {
    format!("{} looking at {environment}; nothing was written.", yellow("stopped"))
}

/// What is left when the process ends without ending its run.
pub fn ended_at_once(environment: &EnvironmentName, board: &Board, timing: &Timing) -> String {
    let mut text = format!("{} at once, before the run of {environment} did.", red("ended"));
    if board.in_hand.is_empty() {
        text.push_str("\nNo step was in hand.");
    } else {
        let steps: Vec<String> = board
            .in_hand
            .iter()
            .map(|(address, step)| format!("{} {address}", words::doing(step.action)))
            .collect();
        text.push_str(&format!(
            "\nIn hand, and perhaps half done: {}. AWS goes on with what it was asked.",
            steps.join(", ")
        ));
    }
    if board.has_lock {
        text.push_str(&format!(
            "\nThe lock was not given back. It runs out by itself: the next run takes it over after {}.",
            words::took(timing.watch_ms + timing.quiesce_ms)
        ));
    }
    text.push_str("\nNext: run it again; it goes on from what stands.");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::paint;

    fn address(name: &str) -> Address {
        Address::block("service", name)
    }

    fn shown(board: &Board, now_ms: u64) -> String {
        let Some(View { overview, ended, steps }) = board.view(now_ms) else { return "nothing".to_owned() };
        let ended = ended.map(|(ended, of)| format!("[{ended}/{of}] ")).unwrap_or_default();
        paint::without(&format!("{ended}{overview}\n{}", steps.join("\n")))
    }

    #[test]
    fn a_run_from_its_first_question_to_its_last_step() {
        let mut board = Board::new("production/web", 0);
        board.asks("ecs:DescribeServices".to_owned());
        assert_eq!(shown(&board, 999), "nothing");
        assert_eq!(shown(&board, 1_500), "1.5 s looking at production/web: ecs:DescribeServices\n");
        board.answered();
        board.total = 12;
        board.hear(&Event::Started { address: address("web"), action: Action::Rollout }, 2_000);
        board.hear(&Event::Started { address: address("worker"), action: Action::Create }, 4_000);
        board.hear(
            &Event::Progress { address: address("web"), says: "has started\n2 tasks\u{1b}[2J".to_owned() },
            4_100,
        );
        assert_eq!(
            shown(&board, 4_500),
            "[0/12] 4.5 s production/web 0 of 12 done\nrolling out service.web 2.5 s: “has started 2 tasks\\u{1b}[2J”"
        );
        board.stops();
        board.hear(
            &Event::Failed { address: address("web"), action: Action::Rollout, why: String::new() },
            5_000,
        );
        assert_eq!(
            shown(&board, 5_000),
            "[1/12] 5.0 s stopping after what is in hand: production/web 0 of 12 done, 1 failed\ncreating service.worker 1.0 s"
        );
    }

    #[test]
    fn many_steps_are_counted() {
        let mut board = Board::new("web", 0);
        for number in 0..11 {
            board
                .hear(&Event::Started { address: address(&format!("s{number}")), action: Action::Create }, 0);
        }
        let view = board.view(2_000).unwrap();
        assert_eq!(view.steps.len(), 9);
        assert_eq!(paint::without(&view.steps[8]), "and 3 more");
    }

    #[test]
    fn what_is_left_is_said() {
        let environment = EnvironmentName::parse("web").unwrap();
        let mut board = Board::new("web", 0);
        board.hear(&Event::Locked { fence: 1, taken_over: false }, 0);
        board.hear(&Event::Started { address: address("web"), action: Action::Create }, 0);
        assert_eq!(
            paint::without(&ended_at_once(&environment, &board, &Timing::default())),
            "ended at once, before the run of web did.\n\
             In hand, and perhaps half done: creating service.web. AWS goes on with what it was asked.\n\
             The lock was not given back. It runs out by itself: the next run takes it over after 2 min 0 s.\n\
             Next: run it again; it goes on from what stands."
        );
    }
}
