//! The environment that is attacked, and the policy that judges it.

use std::fmt;

pub(super) const NAME: &str = "production/jobs";
pub(super) const FILE: &str = "environments/production/jobs.toml";
pub(super) const POLICY: &str = "policies/tags.rego";

/// Denies a tag, and repeats what others wrote.
pub(super) const BASE_POLICY: &str = r#"package tags

deny_forbidden contains {"msg": sprintf("the tag Forbidden is not allowed, says %v", [input.environment.owner.contact]), "path": "tags.Forbidden"} if input.environment.tags.Forbidden

warn_contact contains {"msg": sprintf("ask %v", [input.environment.owner.contact]), "path": "owner.contact"} if input.environment.owner.contact != "\u0023ai-platform"
"#;

/// The environment's file, and what becomes of it.
#[derive(Clone, Debug)]
pub(super) struct Text(String);

/// A queue, and a task that works it off.
pub(super) fn jobs() -> Text {
    let role = "arn:aws:iam::908027381725:role";
    Text(format!(
        "schema = 1\nextends = \"_base.toml\"\n\n[state]\nkey = \"{NAME}/terraform.tfstate\"\n\n\
         [tags]\nApplication = \"jobs\"\n\n[queue.jobs]\ndelay = \"1s\"\n\n\
         [scheduled_task.work]\ncron = \"0 6 * * MON-FRI\"\ncluster = \"webUIcluster2\"\n\
         image = \"908027381725.dkr.ecr.us-east-1.amazonaws.com/jobs@sha256:{}\"\ncpu = 256\nmemory = 512\n\
         schedule_role = \"{role}/reports-schedule\"\nexecution_role = \"{role}/ecsTaskExecutionRole\"\n\
         task_role = \"{role}/reports-task\"\n\n[scheduled_task.work.environment]\nNOTE = \"x\"\n",
        "7c".repeat(32)
    ))
}

impl Text {
    pub(super) fn with(&self, old: &str, new: &str) -> Self {
        assert!(self.0.contains(old), "{old} is not in\n{}", self.0);
        Self(self.0.replacen(old, new, 1))
    }

    /// With this as the value of a variable of the task.
    pub(super) fn noting(&self, note: &str) -> Self {
        self.with("NOTE = \"x\"", &format!("NOTE = {}", quoted(note)))
    }

    /// As another environment.
    pub(super) fn in_state(&self, name: &str) -> Self {
        self.with(NAME, &format!("production/{name}"))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            character if character.is_control() => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            character => quoted.push(character),
        }
    }
    quoted + "\""
}
