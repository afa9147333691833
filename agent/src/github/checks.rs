use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Client, GithubError, limits};
use crate::config::ReportAs;

/// A commit's verdict under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// How far a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The file's path in the repo.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// `failure`, `warning` or `notice`.
    pub level: &'static str,
    /// In one line.
    pub title: String,
    /// The text.
    pub message: String,
}

#[derive(Deserialize)]
struct CheckRun {
    id: u64,
    #[serde(default)]
    external_id: Option<String>,
}

impl Client {
    /// Brings a commit's check run, or its commit status, to this.
    pub async fn put_check(&self, check: &CommitCheck) -> Result<(), GithubError> {
        match self.report {
            ReportAs::CheckRun => self.put_check_run(check).await,
            ReportAs::Status => self.put_status(check).await,
        }
    }

    async fn put_check_run(&self, check: &CommitCheck) -> Result<(), GithubError> {
        let key = (check.commit.clone(), check.name.clone());
        let content = format!("{check:?}");
        let known = self.known().checks.get(&key).cloned();
        if known.as_ref().is_some_and(|(_, standing)| *standing == content) {
            return Ok(());
        }
        let id = match known {
            Some((id, _)) => Some(id),
            None => self.our_check_run(check).await?,
        };
        let mut annotations: Vec<Value> = check.annotations.iter().map(Annotation::to_json).collect();
        let rest = annotations.split_off(annotations.len().min(limits::ANNOTATIONS));
        let body = check.to_json(&annotations);
        let id = match id {
            Some(id) => self.update_check_run(id, &body).await?,
            None => self.write::<CheckRun>(Method::POST, "/check-runs", &body).await?.id,
        };
        // GitHub adds the annotations of later calls to those of the first.
        for annotations in rest.chunks(limits::ANNOTATIONS) {
            self.update_check_run(id, &check.to_json(annotations)).await?;
        }
        self.known().checks.insert(key, (id, content));
        Ok(())
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
    async fn our_check_run(&self, check: &CommitCheck) -> Result<Option<u64>, GithubError> {
        let name = super::pulls::escaped(&check.name);
        let path = format!("/commits/{}/check-runs?check_name={name}&filter=latest", check.commit);
        let runs: Vec<CheckRun> = self.list(&path, Some("check_runs")).await?;
        let wanted = check.external_id();
        Ok(runs.into_iter().find(|run| run.external_id.as_deref() == Some(&wanted)).map(|run| run.id))
    }
}

impl CommitCheck {
    fn external_id(&self) -> String {
        format!("{}@{}", self.name, self.commit)
    }

    fn to_json(&self, annotations: &[Value]) -> Value {
        let mut body = json!({
            "name": self.name,
            "head_sha": self.commit,
            "external_id": self.external_id(),
            "output": {
                "title": limits::characters(&self.title, 250),
                "summary": limits::bytes(&self.summary, limits::SUMMARY_BYTES),
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

impl Annotation {
    fn to_json(&self) -> Value {
        let Self { path, line, level, title, message } = self;
        json!({
            "path": path,
            "start_line": line,
            "end_line": line,
            "annotation_level": level,
            "title": limits::characters(title, 255),
            "message": limits::bytes(message, limits::ANNOTATION_BYTES),
        })
    }
}
