//! What is said to the process that evaluates policies, and what it answers: a
//! line of JSON each, in turn.

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Bounds, PolicyError, PolicySet, Verdict, evaluate, test};

/// What it is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question<'a> {
    /// To read these files, by path. Comes first.
    Load {
        /// Every file of the policy folder.
        files: Cow<'a, BTreeMap<String, String>>,
    },
    /// What every rule says of this input.
    Judge {
        /// A serialised [`PolicyInput`](super::PolicyInput).
        input: Cow<'a, serde_json::Value>,
    },
    /// The same, rule by rule, telling each before it is asked: for finding the
    /// one that ended another process.
    Trace {
        /// The input that was judged there.
        input: Cow<'a, serde_json::Value>,
    },
    /// How the tests beside the policies go.
    Test,
}

/// A rule that is about to be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its package, without `data.`.
    pub package: String,
    /// Its name.
    pub rule: String,
    /// The file of its first definition.
    pub file: String,
    /// The line there, from 1.
    pub line: u32,
}

impl Question<'_> {
    /// The processor time that the answer may take.
    pub fn time(&self, bounds: &Bounds) -> Duration {
        match self {
            Self::Load { .. } => bounds.load,
            Self::Judge { .. } | Self::Trace { .. } => bounds.judge,
            Self::Test => bounds.test,
        }
    }
}

/// What it answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The files can be used.
    Loaded,
    /// What is wrong with the files, or with their tests.
    Refused {
        /// Never empty.
        errors: Vec<PolicyError>,
    },
    /// What the rules say.
    Judged {
        /// All of it.
        verdict: Verdict,
    },
    /// How the tests went.
    Tested {
        /// All of it.
        report: test::TestReport,
    },
    /// Nothing was loaded before.
    OutOfTurn,
}

/// The answering side. Nothing here is bounded in memory, and hardly in time:
/// it belongs into a process of its own, on the stack of
/// [`on_large_stack`](super::on_large_stack).
#[derive(Debug, Default)]
pub struct Evaluator {
    set: Option<PolicySet>,
}

impl Evaluator {
    /// The answer to one question; `tell` hears of each rule when rules are
    /// traced.
    pub fn answer(&mut self, question: Question<'_>, tell: &mut dyn FnMut(&Asked)) -> Answer {
        match (question, &self.set) {
            (Question::Load { files }, _) => match PolicySet::read(&files) {
                Ok(set) => {
                    self.set = Some(set);
                    Answer::Loaded
                }
                Err(errors) => Answer::Refused { errors },
            },
            (Question::Judge { input }, Some(set)) => {
                Answer::Judged { verdict: evaluate::evaluate(set, &input) }
            }
            (Question::Trace { input }, Some(set)) => {
                Answer::Judged { verdict: evaluate::trace(set, &input, tell) }
            }
            (Question::Test, Some(set)) => match test::run_here(set) {
                Ok(report) => Answer::Tested { report },
                Err(errors) => Answer::Refused { errors },
            },
            (Question::Judge { .. } | Question::Trace { .. } | Question::Test, None) => Answer::OutOfTurn,
        }
    }
}
