//! Policies are evaluated in processes of their own, which bound themselves in
//! memory and processor time and are watched from here: whatever a policy does,
//! this process goes on, and what was not answered is denied.

mod process;

use std::{borrow::Cow, collections::BTreeMap, path::PathBuf, sync::Arc};

use futures::future::{join_all, try_join_all};
use pointsman_core::{
    policy::{Answer, Doing, GaveUp, PolicyError, Question, Verdict, test::TestReport},
    render,
};
use process::Process;
use serde_json::Value;

/// The program that evaluates policies: this one, asked to.
#[derive(Clone, Debug)]
pub struct EvaluatorProgram {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called with.
    pub argument: &'static str,
    /// The only variable that it is given, and its value.
    pub variable: (&'static str, &'static str),
}

/// Documents that are worth a process more, as long as there are processors.
const WORTH_A_PROCESS: usize = 64;

/// After so many documents for which a process gave up, the rest is not asked.
const MOST_GIVEN_UP: usize = 3;

/// The policies of one revision, as text.
#[derive(Clone, Debug)]
pub struct Policies {
    name: String,
    files: Arc<BTreeMap<String, String>>,
    program: EvaluatorProgram,
}

/// Policies that processes have read: one judgement without waiting for that.
#[derive(Debug)]
pub struct Ready {
    policies: Policies,
    /// None where there is no policy.
    processes: Vec<Process>,
}

impl Ready {
    /// What every rule says of each document, as [`Policies::judge`].
    ///
    /// # Errors
    ///
    /// When the policies cannot be used: then nothing is allowed.
    pub async fn judge(self, documents: &[Value]) -> Result<Vec<Verdict>, Unusable> {
        let Self { policies, processes } = self;
        if processes.is_empty() {
            return Ok(vec![Verdict::default(); documents.len()]);
        }
        let part = documents.len().div_ceil(processes.len()).max(1);
        let parts = processes.into_iter().zip(documents.chunks(part));
        let parts = join_all(parts.map(|(process, part)| policies.judge_in_turn(process, part))).await;
        let mut verdicts = Vec::with_capacity(documents.len());
        for part in parts {
            verdicts.extend(part?);
        }
        Ok(verdicts)
    }
}

/// Why policies cannot be used.
#[derive(Clone, Debug)]
pub enum Unusable {
    /// This is wrong in their files; it will be next time.
    Wrong(Vec<PolicyError>),
    /// There was no answer; there may be one next time.
    NoAnswer(PolicyError),
}

impl Unusable {
    /// All that is to be told.
    pub fn errors(self) -> Vec<PolicyError> {
        match self {
            Self::Wrong(errors) => errors,
            Self::NoAnswer(error) => vec![error],
        }
    }
}

impl Policies {
    /// From all files of the policy folder by path; `name` says in messages
    /// whose they are.
    pub fn new(name: String, files: BTreeMap<String, String>, program: EvaluatorProgram) -> Self {
        Self { name, files: Arc::new(files), program }
    }

    /// Whether they can be used.
    ///
    /// # Errors
    ///
    /// Everything that is wrong in any file.
    pub async fn check(&self) -> Result<(), Unusable> {
        if self.are_none() {
            return Ok(());
        }
        self.start().await?.end().await;
        Ok(())
    }

    /// What every rule says of each document. A document for which there is no
    /// answer is denied.
    ///
    /// # Errors
    ///
    /// When the policies cannot be used: then nothing is allowed.
    pub async fn judge(&self, documents: &[Value]) -> Result<Vec<Verdict>, Unusable> {
        if documents.is_empty() {
            return Ok(Vec::new());
        }
        self.ready(documents.len()).await?.judge(documents).await
    }

    /// What every rule says of one document. Policies that cannot be used deny.
    pub async fn verdict(&self, document: &Value) -> Verdict {
        match self.judge(std::slice::from_ref(document)).await {
            Ok(verdicts) => verdicts
                .into_iter()
                .next()
                .unwrap_or_else(|| self.denial(Doing::Judging, &GaveUp::Unintelligible)),
            Err(unusable) => Verdict::of_errors(&unusable.errors()),
        }
    }

    /// How the tests beside the policies go.
    ///
    /// # Errors
    ///
    /// When policies or tests cannot be used.
    pub async fn test(&self) -> Result<TestReport, Unusable> {
        let mut process = self.start().await?;
        let answer = process.ask(&Question::Test).await;
        process.end().await;
        match answer {
            Ok(Answer::Tested { report }) => Ok(report),
            Ok(Answer::Refused { errors }) if !errors.is_empty() => Err(Unusable::Wrong(errors)),
            Ok(_) => Err(self.no_answer(Doing::Testing, &GaveUp::Unintelligible)),
            Err(why) => Err(self.no_answer(Doing::Testing, &why)),
        }
    }

    /// The files, by path.
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    fn are_none(&self) -> bool {
        !self.files.keys().any(|path| path.ends_with(".rego"))
    }

    /// Processes that have read the policies and wait for so many documents to
    /// judge: for whoever cannot wait for that later.
    ///
    /// # Errors
    ///
    /// When the policies cannot be used.
    pub async fn ready(&self, documents: usize) -> Result<Ready, Unusable> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let processes = match self.are_none() {
            true => 0,
            false => documents.div_ceil(WORTH_A_PROCESS).clamp(1, processors),
        };
        let processes = try_join_all((0..processes).map(|_| self.start())).await?;
        Ok(Ready { policies: self.clone(), processes })
    }

    async fn judge_in_turn(&self, first: Process, documents: &[Value]) -> Result<Vec<Verdict>, Unusable> {
        let mut verdicts = Vec::with_capacity(documents.len());
        let mut living = Some(first);
        let mut given_up = Vec::new();
        for document in documents {
            if given_up.len() == MOST_GIVEN_UP {
                verdicts.extend(given_up.last().cloned());
                continue;
            }
            let mut process = match living.take() {
                Some(process) => process,
                None => self.start().await?,
            };
            match process.ask(&Question::Judge { input: Cow::Borrowed(document) }).await {
                Ok(Answer::Judged { verdict }) => {
                    verdicts.push(verdict);
                    living = Some(process);
                }
                Ok(_) => given_up.push(self.denial(Doing::Judging, &GaveUp::Unintelligible)),
                Err(why) if given_up.is_empty() => given_up.push(self.traced(document, &why).await),
                Err(why) => given_up.push(self.denial(Doing::Judging, &why)),
            }
            if living.is_none() {
                verdicts.extend(given_up.last().cloned());
            }
        }
        if let Some(process) = living {
            process.end().await;
        }
        Ok(verdicts)
    }

    /// The denial of a document that ended a process: it is judged once more,
    /// rule by rule, to name the rule.
    async fn traced(&self, document: &Value, why: &GaveUp) -> Verdict {
        // Somebody else killed it, or all rules together said too much.
        if matches!(why, GaveUp::Signal(_) | GaveUp::TooLong(_) | GaveUp::Unintelligible) {
            return self.denial(Doing::Judging, why);
        }
        let Ok(mut process) = self.start().await else { return self.denial(Doing::Judging, why) };
        let Err(again) = process.ask(&Question::Trace { input: Cow::Borrowed(document) }).await else {
            return self.denial(Doing::Judging, why);
        };
        match process.asked_last().await {
            Some(asked) => {
                tracing::warn!(policies = self.name, ?asked, ?again, "a rule gave no answer: denied");
                Verdict::denial_of(&asked, render::policy::gave_up_at(&asked, &again))
            }
            None => self.denial(Doing::Judging, why),
        }
    }

    /// A process that has read the files.
    async fn start(&self) -> Result<Process, Unusable> {
        let mut process =
            Process::start(&self.program).map_err(|why| self.no_answer(Doing::Loading, &why))?;
        match process.ask(&Question::Load { files: Cow::Borrowed(&*self.files) }).await {
            Ok(Answer::Loaded) => Ok(process),
            Ok(Answer::Refused { errors }) if !errors.is_empty() => Err(Unusable::Wrong(errors)),
            Ok(_) => Err(self.no_answer(Doing::Loading, &GaveUp::Unintelligible)),
            Err(why) => Err(self.no_answer(Doing::Loading, &why)),
        }
    }

    fn denial(&self, doing: Doing, why: &GaveUp) -> Verdict {
        tracing::warn!(policies = self.name, ?doing, ?why, "policies gave no answer: denied");
        Verdict::denial(&self.name, 0, render::policy::gave_up(doing, why))
    }

    fn no_answer(&self, doing: Doing, why: &GaveUp) -> Unusable {
        tracing::warn!(policies = self.name, ?doing, ?why, "policies gave no answer: nothing is allowed");
        Unusable::NoAnswer(PolicyError {
            file: self.name.clone(),
            line: 0,
            column: 0,
            message: render::policy::gave_up(doing, why),
            help: render::policy::after_giving_up(why).to_owned(),
        })
    }
}
