use std::{os::unix::process::ExitStatusExt, process::Stdio, time::Duration};

use pointsman_core::policy::{Answer, Asked, BOUNDS, GaveUp, Question};
use rustix::process::Signal;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    task::JoinHandle,
};

use super::EvaluatorProgram;

/// So much of what a process said last is kept.
const LAST_WORDS: usize = 4 * 1024;

/// So long may a process take to end by itself.
const FAREWELL: Duration = Duration::from_secs(1);

/// One process that evaluates policies. It ends when this value does.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// Taken when they are needed: there is one last word.
    last_words: Option<JoinHandle<String>>,
    said: String,
}

/// Why there was no line to read.
enum NoLine {
    Ended,
    TooLong,
}

impl Process {
    /// Starts one. It inherits nothing: no variables, no files, no folder.
    pub(super) fn start(program: &EvaluatorProgram) -> Result<Self, GaveUp> {
        let mut command = Command::new(&program.path);
        let (variable, value) = program.variable;
        command.arg(program.argument).env_clear().env(variable, value).current_dir("/").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| GaveUp::NotStarted(error.to_string()))?;
        let (Some(input), Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(GaveUp::NotStarted("it has no pipes".to_owned()));
        };
        let last_words = Some(tokio::spawn(last_words(errors)));
        Ok(Self { child, input, output: BufReader::new(output), last_words, said: String::new() })
    }

    /// Asks, and waits for the answer. After an error the process is gone.
    pub(super) async fn ask(&mut self, question: &Question<'_>) -> Result<Answer, GaveUp> {
        let time = question.time(&BOUNDS);
        let patience = time * BOUNDS.patience;
        let line = match tokio::time::timeout(patience, self.exchange(question)).await {
            Ok(Ok(line)) => line,
            Ok(Err(NoLine::Ended)) => return Err(self.why_it_ended(question).await),
            Ok(Err(NoLine::TooLong)) => {
                let _ = self.child.kill().await;
                return Err(GaveUp::TooLong(BOUNDS.answer));
            }
            Err(_) => {
                let _ = self.child.kill().await;
                return Err(GaveUp::Silent(patience));
            }
        };
        match serde_json::from_slice(&line) {
            Ok(answer) => Ok(answer),
            Err(_) => {
                let _ = self.child.kill().await;
                Err(GaveUp::Unintelligible)
            }
        }
    }

    /// Ends it: it has no more to do when there are no more questions.
    pub(super) async fn end(self) {
        let Self { mut child, input, output: _, last_words: _, said: _ } = self;
        drop(input);
        // Dropped unwaited, it would be killed all the same.
        let _ = tokio::time::timeout(FAREWELL, child.wait()).await;
    }

    /// The rule that was told last, by a process that is gone.
    pub(super) async fn asked_last(&mut self) -> Option<Asked> {
        self.said().await.lines().rev().find_map(|line| serde_json::from_str(line).ok())
    }

    /// What it wrote beside its answers, once it is gone.
    async fn said(&mut self) -> &str {
        if let Some(words) = self.last_words.take() {
            self.said = words.await.unwrap_or_default();
        }
        &self.said
    }

    async fn exchange(&mut self, question: &Question<'_>) -> Result<Vec<u8>, NoLine> {
        let mut line = serde_json::to_vec(question).map_err(|_| NoLine::Ended)?;
        line.push(b'\n');
        self.input.write_all(&line).await.map_err(|_| NoLine::Ended)?;
        line.clear();
        let most = u64::try_from(BOUNDS.answer).unwrap_or(u64::MAX);
        let read = (&mut self.output).take(most).read_until(b'\n', &mut line).await;
        match read {
            Ok(_) if line.ends_with(b"\n") => Ok(line),
            Ok(_) if line.len() >= BOUNDS.answer => Err(NoLine::TooLong),
            Ok(_) | Err(_) => Err(NoLine::Ended),
        }
    }

    async fn why_it_ended(&mut self, question: &Question<'_>) -> GaveUp {
        // It closed its output: if it still stands, it does not for long.
        let _ = self.child.start_kill();
        let status = self.child.wait().await;
        let words = self.said().await.to_owned();
        let Ok(status) = status else { return GaveUp::Ended(words) };
        match status.signal() {
            Some(signal) if signal == Signal::XCPU.as_raw() => GaveUp::ProcessorTime(question.time(&BOUNDS)),
            // What the language's runtime says before it gives up.
            _ if words.contains("has overflowed its stack") => GaveUp::Stack,
            _ if words.contains("memory allocation of ") => GaveUp::Memory(BOUNDS.memory),
            Some(signal) => GaveUp::Signal(signal),
            None => GaveUp::Ended(words),
        }
    }
}

/// The end of what a process writes beside its answers, such as its policies'
/// `print`.
async fn last_words(mut errors: ChildStderr) -> String {
    let mut kept: Vec<u8> = Vec::new();
    let mut piece = [0; 1024];
    while let Ok(read @ 1..) = errors.read(&mut piece).await {
        kept.extend(piece.iter().take(read));
        let surplus = kept.len().saturating_sub(LAST_WORDS);
        kept.drain(..surplus);
    }
    String::from_utf8_lossy(&kept).into_owned()
}
