use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    agent::Agent,
    commands::{Button, Pressed, press},
    deliver::CHECK,
};

/// What somebody asked for through GitHub that no poll can see. It says who is
/// said to have asked, and of which commit; whoever acts on it looks up, at that
/// moment, whether that person may, and whether the commit still counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// “Re-run” was pressed on one check.
    Rerun(Check),
    /// “Re-run all checks” was pressed on a commit.
    RerunAll {
        /// The commit.
        commit: String,
        /// The login of whoever pressed it.
        by: String,
    },
    /// A button of a check was pressed.
    Action {
        /// Which button: at most 20 characters by GitHub's rules, as we wrote it.
        identifier: String,
        /// On which check.
        check: Check,
    },
    /// A group of pull requests waits in the merge queue to be checked.
    MergeGroup {
        /// The commit that the branch would get.
        commit: String,
        /// The branch that it would get it.
        branch: String,
        /// That branch's commit below the group.
        base: String,
    },
}

/// The check that something is asked of: another App's, perhaps. Ours carry
/// the external id that they were made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// GitHub's id of the check run.
    pub id: u64,
    /// `pointsman`, or `pointsman / ENVIRONMENT`.
    pub name: String,
    /// What we called it ourselves when we made it.
    pub external_id: String,
    /// Its commit.
    pub commit: String,
    /// The login of whoever pressed.
    pub by: String,
}

/// So much may wait; more is refused, and GitHub can be told to send it again.
const MOST: usize = 256;

/// The queue is full: nothing was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{MOST} requests wait already")]
pub struct Full;

/// What waits to be acted on, in the order in which it came.
#[derive(Debug, Default)]
pub struct AskedQueue(Mutex<VecDeque<Asked>>);

impl AskedQueue {
    /// Puts it at the end. What waits already is not put there twice.
    pub(super) fn push(&self, asked: Asked) -> Result<(), Full> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.contains(&asked) {
            return Ok(());
        }
        if waiting.len() >= MOST {
            return Err(Full);
        }
        waiting.push_back(asked);
        Ok(())
    }

    /// Takes everything that waits.
    pub fn take(&self) -> Vec<Asked> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.drain(..).collect()
    }
}

/// Takes up what was asked for, before a poll, each by itself.
pub(super) fn take_up(agent: &Arc<Agent>) {
    for asked in agent.wake.asked.take() {
        let number = fastrand::usize(..);
        let pressed = match asked {
            Asked::Rerun(Check { id: _, name, external_id: _, commit, by }) => {
                Pressed { check: name, commit, sender: by, button: None, id: number }
            }
            Asked::RerunAll { commit, by } => {
                Pressed { check: CHECK.to_owned(), commit, sender: by, button: None, id: number }
            }
            Asked::Action { identifier, check: Check { id, name, external_id: _, commit, by } } => {
                let Some(button) = Button::of(&identifier) else {
                    tracing::warn!(identifier, check = id, "a button that is not ours was pressed");
                    continue;
                };
                Pressed { check: name, commit, sender: by, button: Some(button), id: number }
            }
            Asked::MergeGroup { commit, branch, base } => {
                // Its branch is seen by every poll: the one that comes now checks it.
                tracing::info!(commit, branch, base, "the merge queue asks for checks");
                continue;
            }
        };
        let what = format!("what was pressed on {}", pressed.check);
        let task = {
            let agent = Arc::clone(agent);
            async move { Box::pin(press(&agent, pressed)).await }
        };
        agent.spawn(what, task, |_| ());
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, AskedQueue, Full, MOST};

    #[test]
    fn what_waits_is_bounded_and_in_order() {
        let queue = AskedQueue::default();
        let of = |n: usize| Asked::RerunAll { commit: n.to_string(), by: "robin".to_owned() };
        for n in 0..MOST {
            assert_eq!(queue.push(of(n)), Ok(()));
        }
        assert_eq!(queue.push(of(0)), Ok(()), "it waits already");
        assert_eq!(queue.push(of(MOST)), Err(Full));
        let taken = queue.take();
        assert_eq!((taken.len(), taken.first()), (MOST, Some(&of(0))));
        assert_eq!(queue.push(of(MOST)), Ok(()));
    }
}
