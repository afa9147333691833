use http::Method;
use pointsman_core::render::pull_request::remarks_left_out;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Client, GithubError, limits};
use crate::config::ReportAs;

/// A commit's verdict under one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitCheck {
    /// The commit.
    pub commit: String,
    /// `pointsman`, or `pointsman / ENVIRONMENT`: what branch protection asks for.
    pub name: String,
    /// How far it is.
    pub state: CheckState,
    /// In one line.
    pub title: String,
    /// Markdown.
    pub summary: String,
    /// Where more of it is shown.
    pub details_url: Option<String>,
    /// What is said about lines of files.
    pub annotations: Vec<Annotation>,
    /// What can be asked by pressing a button; at most three. Shown where presses are heard of.
    #[serde(default)]
    pub buttons: Vec<CheckButton>,
}

/// A button of a check run. Pressing it is told by a webhook, and by nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckButton {
    /// Plan, or deploy, again.
    Again,
    /// Agree to the plan that waits.
    Approve,
    /// Move the rollout on.
    Promote,
    /// Turn the rollout back.
    Abort,
}

/// How far a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// It has not begun.
    Queued,
    /// It goes on.
    InProgress,
    /// It went well.
    Success,
    /// It went wrong.
    Failure,
    /// It says nothing, and blocks nothing.
    Neutral,
}

/// Something about lines of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// The file's path in the repo.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// How bad it is.
    pub level: AnnotationLevel,
    /// In one line.
    pub title: String,
    /// The text.
    pub message: String,
}

/// How bad it is; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnotationLevel {
    /// It must be put right.
    Failure,
    /// It may be right.
    Warning,
}

impl AnnotationLevel {
    const fn word(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Warning => "warning",
        }
    }
}

#[derive(Deserialize)]
struct CheckRun {
    id: u64,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    status: String,
    #[serde(default)]
    output: Output,
}

#[derive(Default, Deserialize)]
struct Output {
    #[serde(default)]
    annotations_count: usize,
}

impl Client {
    /// Brings a commit's check run, or its commit status, to this.
    pub async fn put_check(&self, check: &CommitCheck) -> Result<(), GithubError> {
        match self.report {
            ReportAs::CheckRun if self.hears_buttons() => self.put_check_run(check).await,
            ReportAs::CheckRun => {
                self.put_check_run(&CommitCheck { buttons: Vec::new(), ..check.clone() }).await
            }
            ReportAs::Status => self.put_status(check).await,
        }
    }

    /// Whether a commit's check of this name is one that we ended.
    pub async fn has_ended(&self, commit: &str, name: &str) -> Result<bool, GithubError> {
        match self.report {
            ReportAs::CheckRun => {
                let run = self.our_check_run(commit, name).await?;
                Ok(run.is_some_and(|run| run.status == "completed"))
            }
            ReportAs::Status => self.has_ended_status(commit, name).await,
        }
    }

    async fn put_check_run(&self, check: &CommitCheck) -> Result<(), GithubError> {
        let key = (check.commit.clone(), check.name.clone());
        let content = format!("{check:?}");
        let known = self.known().checks.get(&key).cloned();
        if known.as_ref().is_some_and(|(_, standing)| *standing == content) {
            return Ok(());
        }
        let (id, standing) = match known {
            Some((id, _)) => (Some(id), 0),
            None => {
                let run = self.our_check_run(&check.commit, &check.name).await?;
                (run.as_ref().map(|run| run.id), run.map_or(0, |run| run.output.annotations_count))
            }
        };
        let new = self.not_annotated(check, standing);
        let (first, rest) = new.split_at(new.len().min(limits::ANNOTATIONS));
        let body = check.to_json(first);
        let id = match id {
            Some(id) => self.update_check_run(id, &body).await?,
            None => self.write::<CheckRun>(Method::POST, "/check-runs", &body).await?.id,
        };
        self.annotated(&key, first);
        for annotations in rest.chunks(limits::ANNOTATIONS) {
            self.update_check_run(id, &check.to_json(annotations)).await?;
            self.annotated(&key, annotations);
        }
        self.known().checks.insert(key, (id, content));
        Ok(())
    }

    /// The annotations that the check does not have yet: GitHub adds those of
    /// each call to those of the calls before. `standing` were there before
    /// this process wrote any: the first ones, as they are sent in order.
    fn not_annotated(&self, check: &CommitCheck, standing: usize) -> Vec<Value> {
        let mut annotations: Vec<&Annotation> = check.annotations.iter().collect();
        // Should some be left out, then not the errors.
        annotations.sort_by_key(|annotation| annotation.level);
        annotations.truncate(limits::ALL_ANNOTATIONS);
        let annotations: Vec<Value> = annotations.into_iter().map(Annotation::to_json).collect();
        let key = (check.commit.clone(), check.name.clone());
        let mut known = self.known();
        let sent = known
            .annotated
            .entry(key)
            .or_insert_with(|| annotations.iter().take(standing).map(Value::to_string).collect());
        annotations.into_iter().filter(|annotation| !sent.contains(&annotation.to_string())).collect()
    }

    fn annotated(&self, key: &(String, String), annotations: &[Value]) {
        let mut known = self.known();
        known.annotated.entry(key.clone()).or_default().extend(annotations.iter().map(Value::to_string));
    }

    async fn update_check_run(&self, id: u64, body: &Value) -> Result<u64, GithubError> {
        let mut body = body.clone();
        if let Some(fields) = body.as_object_mut() {
            // A check run stays with its commit.
            fields.remove("head_sha");
        }
        Ok(self.write::<CheckRun>(Method::PATCH, &format!("/check-runs/{id}"), &body).await?.id)
    }

    /// Ours among the check runs of this name: any App may use a name.
    async fn our_check_run(&self, commit: &str, name: &str) -> Result<Option<CheckRun>, GithubError> {
        let escaped = super::pulls::escaped(&limits::name(name));
        let path = format!("/commits/{commit}/check-runs?check_name={escaped}&filter=latest");
        let runs: Vec<CheckRun> = self.list(&path, Some("check_runs")).await?;
        let wanted = external_id(commit, name);
        Ok(runs.into_iter().find(|run| run.external_id.as_deref() == Some(&wanted)))
    }
}

/// By which we know ours.
fn external_id(commit: &str, name: &str) -> String {
    limits::name(&format!("{name}@{commit}"))
}

impl CommitCheck {
    fn to_json(&self, annotations: &[Value]) -> Value {
        let left_out = self.annotations.len().saturating_sub(limits::ALL_ANNOTATIONS);
        let left_out = if left_out > 0 { remarks_left_out(left_out) } else { String::new() };
        let room = limits::SUMMARY_BYTES - left_out.len();
        let summary = limits::markdown_bytes(&self.summary, room, None) + &left_out;
        let mut body = json!({
            "name": limits::name(&self.name),
            "head_sha": self.commit,
            "external_id": external_id(&self.commit, &self.name),
            "actions": self.buttons.iter().take(limits::ACTIONS).map(|button| button.to_json()).collect::<Vec<_>>(),
            "output": {
                "title": limits::characters(&self.title, limits::CHECK_TITLE),
                "summary": summary,
                "annotations": annotations,
            },
        });
        let (status, conclusion) = match self.state {
            CheckState::Queued => ("queued", None),
            CheckState::InProgress => ("in_progress", None),
            CheckState::Success => ("completed", Some("success")),
            CheckState::Failure => ("completed", Some("failure")),
            CheckState::Neutral => ("completed", Some("neutral")),
        };
        body["status"] = status.into();
        if let Some(url) = &self.details_url {
            body["details_url"] = url.as_str().into();
        }
        if let Some(conclusion) = conclusion {
            body["conclusion"] = conclusion.into();
        }
        body
    }
}

impl CheckButton {
    const ALL: [Self; 4] = [Self::Again, Self::Approve, Self::Promote, Self::Abort];

    /// What GitHub sends back: the button of an identifier.
    pub fn of(identifier: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|button| button.words().0 == identifier)
    }

    /// Identifier, label and description, within GitHub's 20, 20 and 40 characters.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Again => ("again", "Try again", "Plan or deploy it once more, now"),
            Self::Approve => ("approve", "Approve", "Let traffic move to the new side"),
            Self::Promote => ("promote", "Promote", "Move the rollout on without waiting"),
            Self::Abort => ("abort", "Abort", "Turn the rollout back"),
        }
    }

    fn to_json(self) -> Value {
        let (identifier, label, description) = self.words();
        json!({ "identifier": identifier, "label": label, "description": description })
    }
}

impl Annotation {
    fn to_json(&self) -> Value {
        let Self { path, line, level, title, message } = self;
        json!({
            "path": path,
            "start_line": line,
            "end_line": line,
            "annotation_level": level.word(),
            "title": limits::characters(title, limits::ANNOTATION_TITLE),
            "message": limits::markdown_bytes(message, limits::ANNOTATION_BYTES, None),
        })
    }
}
