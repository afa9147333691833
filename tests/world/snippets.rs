//! Python that looks at an account, run by processes that stay: starting one with boto3 takes
//! a second.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::python::Python;

/// Processes that wait for a snippet. They end when this process does: their standard input is
/// closed then.
static IDLE: Mutex<Vec<Runner>> = Mutex::new(Vec::new());

/// A process that runs one snippet at a time.
#[derive(Debug)]
struct Runner {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

#[derive(Serialize)]
struct Question<'a> {
    code: &'a str,
    environment: std::collections::BTreeMap<&'a str, &'a str>,
}

#[derive(Deserialize)]
struct Answer {
    said: String,
    failed: Option<String>,
}

/// Runs a snippet in this environment and returns what it printed.
///
/// # Errors
///
/// When it fails; the error quotes what it wrote.
pub(crate) fn run(python: &Python, code: &str, environment: &[(String, String)]) -> Result<String> {
    let waiting = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut runner = match waiting {
        Some(runner) => runner,
        None => Runner::start(python)?,
    };
    let environment = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let Answer { said, failed } = runner.ask(&Question { code, environment })?;
    // One that broke off in the middle of an answer is not asked again.
    IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(runner);
    match failed {
        None => Ok(said),
        Some(why) => bail!("a Python script failed\n{said}{why}"),
    }
}

impl Runner {
    fn start(python: &Python) -> Result<Self> {
        let source = crate::repository().join("tests/world/emulator/snippets.py");
        let mut child = python
            .command([source])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting Python for snippets")?;
        let questions = child.stdin.take().context("it has no standard input")?;
        let answers = BufReader::new(child.stdout.take().context("it has no standard output")?);
        Ok(Self { child, questions, answers })
    }

    fn ask(&mut self, question: &Question<'_>) -> Result<Answer> {
        let mut line = serde_json::to_string(question)?;
        line.push('\n');
        let mut answer = String::new();
        let asked = self.questions.write_all(line.as_bytes()).and_then(|()| self.questions.flush());
        if asked.is_ok() && self.answers.read_line(&mut answer)? > 0 {
            return serde_json::from_str(&answer).with_context(|| format!("reading {answer:?}"));
        }
        bail!("the process for snippets ended: {}", self.child.wait()?)
    }
}
