use std::collections::BTreeMap;

use pointsman_core::{
    render::pull_request::commands::SHOWN_ANSWERS,
    report::{command::Answer, pull_request::PullReport},
};

use crate::daemon::reporter::Subject;

/// So many pull requests are remembered, the newest.
const REMEMBERED: usize = 200;

/// What was asked on each pull request and what came of it, beside its last
/// report: whichever changes, the comment says both.
#[derive(Debug, Default)]
pub(in crate::daemon) struct Answers(BTreeMap<u64, Told>);

#[derive(Debug, Default)]
struct Told {
    answers: Vec<Answer>,
    report: Option<PullReport>,
}

impl Answers {
    /// A report with what was asked.
    pub(in crate::daemon) fn onto(&mut self, subject: &Subject, mut report: PullReport) -> PullReport {
        if let Subject::Pull(number) = subject {
            let told = self.told(*number);
            report.commands.clone_from(&told.answers);
            told.report = Some(report.clone());
        }
        report
    }

    /// Adds an answer, in place of an earlier one to the same command; the
    /// report that it is shown with, where there is one.
    pub(in crate::daemon) fn put(&mut self, number: u64, answer: Answer) -> Option<PullReport> {
        let told = self.told(number);
        match told.answers.iter_mut().find(|known| known.of == answer.of) {
            Some(known) => *known = answer,
            None => told.answers.push(answer),
        }
        let surplus = told.answers.len().saturating_sub(SHOWN_ANSWERS);
        told.answers.drain(..surplus);
        let report = told.report.as_mut()?;
        report.commands.clone_from(&told.answers);
        Some(report.clone())
    }

    /// The answers of a pull request of which no report is known.
    pub(in crate::daemon) fn untold(&self, number: u64) -> Option<Vec<Answer>> {
        let Told { answers, report } = self.0.get(&number)?;
        report.is_none().then(|| answers.clone())
    }

    fn told(&mut self, number: u64) -> &mut Told {
        while self.0.len() >= REMEMBERED && !self.0.contains_key(&number) {
            self.0.pop_first();
        }
        self.0.entry(number).or_default()
    }
}
