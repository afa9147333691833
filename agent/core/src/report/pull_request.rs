//! What is told on a pull request, as data.

use std::collections::BTreeMap;

use crate::{
    Address,
    environment::{Diagnostic, EnvironmentName, Place, Severity},
    plan::Action,
    report::{Event, Judged, Outcome, Sides, command::Answer},
};

/// Everything that one pull request, or one commit of the watched branch, is
/// told.
#[derive(Clone, Debug, PartialEq)]
pub struct PullReport {
    /// The watched branch.
    pub base: String,
    /// Its commit that policies were read from; none before anything was read, and none of a
    /// deploy that a merge brought.
    pub base_commit: Option<String>,
    /// The commit that is planned, or deployed.
    pub head: String,
    /// Whether this is about what would be, or what is.
    pub purpose: Purpose,
    /// One by one, in the order of their names.
    pub environments: Vec<EnvironmentReport>,
    /// What is wrong with files that no changed environment was read from.
    pub diagnostics: Vec<Diagnostic>,
    /// What is wrong with the revision as a whole: what, why, and what to do.
    pub problem: Option<String>,
    /// What people asked for in comments, the oldest first.
    pub commands: Vec<Answer>,
    /// Where the agent's own page shows all of it, when people can reach one.
    pub page: Option<String>,
    /// The pull request that this came with, where GitHub offers to revert it.
    pub revert: Option<String>,
}

impl PullReport {
    /// Nothing is told yet of a commit for the watched branch, `base`.
    pub fn new(purpose: Purpose, base: &str, head: &str) -> Self {
        Self {
            base: base.to_owned(),
            base_commit: None,
            head: head.to_owned(),
            purpose,
            environments: Vec::new(),
            diagnostics: Vec::new(),
            problem: None,
            commands: Vec::new(),
            page: None,
            revert: None,
        }
    }

    /// Whether a pull request is applied that is not merged yet.
    pub fn is_before_merge(&self) -> bool {
        self.purpose == Purpose::Deploy && self.base_commit.is_some()
    }
}

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// What a merge would do.
    Preview,
    /// What a merge does, or did.
    Deploy,
}

/// What is told of one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentReport {
    /// Its name.
    pub name: EnvironmentName,
    /// How far it is.
    pub status: Status,
    /// What is planned, and what the policies say of it.
    pub judged: Option<Judged>,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// Why it ended early: what, where, why and what to do, as plain text.
    pub problem: Option<String>,
    /// What is wrong or doubtful in its files.
    pub diagnostics: Vec<Diagnostic>,
    /// What the policies say about places in its files.
    pub remarks: Vec<Remark>,
    /// What is done to each object, in the order it began.
    pub progress: Vec<(Address, Progress)>,
    /// Where each rollout is, by service; in the words for terminals.
    pub rollouts: BTreeMap<String, String>,
    /// The same as data, as it was looked at last.
    pub sides: BTreeMap<String, Sides>,
    /// The base branch changed it too, and the head does not have that yet.
    pub behind: bool,
    /// The agent tries again by itself, without anybody changing anything.
    pub again: bool,
    /// Who approved what is applied, and who passed a freeze.
    pub notes: Vec<String>,
    /// Other open pull requests that change it too, by number.
    pub others: Vec<OtherPull>,
    /// What it needs and what does not stand yet: it is not begun before.
    pub needs: Vec<Unmet>,
}

/// An open pull request that changes the same environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherPull {
    /// Its number.
    pub number: u64,
    /// Its title. Written by others.
    pub title: String,
}

/// An environment that another one needs, and that is not at its newest version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// Which.
    pub name: EnvironmentName,
    /// Why it does not stand.
    pub why: Why,
}

/// Why an environment that is needed does not stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its turn comes, or it is being deployed.
    NotYet,
    /// It failed, and is not tried again before something changes.
    Failed,
}

/// How far an environment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing was done yet.
    Queued,
    /// It is being planned.
    Planning,
    /// The plan is made, and nothing denies it.
    Planned,
    /// Its files have errors.
    Invalid,
    /// The policies deny the plan, or the files alone where there is no plan.
    Denied,
    /// There is no plan.
    NoPlan,
    /// Its files were read and judged; no plan is made for pull requests from forks.
    Checked,
    /// Its files were read and judged; it is planned after the merge, because it would be read as a
    /// role or profile that nothing merged is read as.
    Postponed,
    /// The files describe it no more; what was made for it stands.
    Removed,
    /// Someone else holds its lock.
    Waiting,
    /// It is being changed.
    Deploying,
    /// A rollout of it waits for a person before traffic moves.
    Asks,
    /// Nothing is applied until what is required is given.
    Held,
    /// It is what its file says.
    Deployed,
    /// Not everything could be done.
    Failed,
    /// The agent was asked to stop before the end; it goes on when it starts again.
    Stopped,
}

/// What a policy says about a place in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    /// Where.
    pub place: Place,
    /// Whether it blocks.
    pub severity: Severity,
    /// Which rule says it.
    pub rule: String,
    /// What it says. Written by others.
    pub message: String,
}

/// What is done to one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// It goes on; with what AWS said last.
    Doing(Action, Option<String>),
    /// It was done, in so many milliseconds.
    Done(Action, u64),
    /// It failed.
    Failed(Action, String),
}

impl EnvironmentReport {
    /// Nothing is known of it yet.
    pub fn queued(name: EnvironmentName) -> Self {
        Self {
            name,
            status: Status::Queued,
            judged: None,
            outcome: None,
            problem: None,
            diagnostics: Vec::new(),
            remarks: Vec::new(),
            progress: Vec::new(),
            rollouts: BTreeMap::new(),
            sides: BTreeMap::new(),
            behind: false,
            again: false,
            others: Vec::new(),
            needs: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Takes over what happened.
    pub fn follow(&mut self, event: &Event) {
        match event {
            Event::Waiting { holder, .. } => {
                // Said before, perhaps with more words.
                if self.status != Status::Waiting || self.problem.is_none() {
                    let holder = crate::render::event::holder_words(holder);
                    self.problem = Some(format!("The lock is held by {holder}."));
                }
                self.status = Status::Waiting;
            }
            Event::Locked { .. } => {
                let (diagnostics, notes) =
                    (std::mem::take(&mut self.diagnostics), std::mem::take(&mut self.notes));
                let begun = Self::queued(self.name.clone());
                *self = Self { status: Status::Deploying, diagnostics, notes, ..begun };
            }
            Event::Quiescing { .. } | Event::Recovered { .. } | Event::Checked { .. } => {}
            Event::Planned { judged } => self.judged = Some(judged.as_ref().clone()),
            Event::Started { address, action } => self.set(address, Progress::Doing(*action, None)),
            Event::Progress { address, says } => {
                let action = match self.progress.iter().find(|(known, _)| known == address) {
                    Some((
                        _,
                        Progress::Doing(action, _) | Progress::Done(action, _) | Progress::Failed(action, _),
                    )) => *action,
                    None => Action::Update,
                };
                self.set(address, Progress::Doing(action, Some(says.clone())));
            }
            Event::Finished { address, action, took_ms } => {
                self.set(address, Progress::Done(*action, *took_ms));
            }
            Event::Failed { address, action, why } => {
                self.set(address, Progress::Failed(*action, why.clone()));
            }
            Event::Rollout { service, text } => {
                self.rollouts.insert(service.clone(), text.clone());
            }
            Event::Sides { service, sides } => {
                self.sides.insert(service.clone(), sides.as_ref().clone());
            }
            Event::LeaseLost { why } => {
                self.problem = Some(format!("The lease was lost ({why}): nothing more is written."));
            }
        }
    }

    fn set(&mut self, address: &Address, progress: Progress) {
        match self.progress.iter_mut().find(|(known, _)| known == address) {
            Some((_, known)) => *known = progress,
            None => self.progress.push((address.clone(), progress)),
        }
    }
}
