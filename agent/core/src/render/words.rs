//! The words that plans, comments and progress have in common.

use serde_json::Value;

use crate::{
    plan::{Action, Disruption, HeldReason, Origin, Reason},
    resource::Rule,
};

/// The sign before a change, as Terraform's users know it.
pub fn sign(action: Action) -> &'static str {
    match action {
        Action::Create => "+",
        Action::Update | Action::Rollout => "~",
        Action::Replace => "+/-",
        Action::Adopt => "=",
        Action::Delete => "-",
    }
}

/// What will be done, in one word or two: `roll out`.
pub fn action(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Rollout => "roll out",
        Action::Replace => "replace",
        Action::Adopt => "record",
        Action::Delete => "delete",
    }
}

/// What is being done: `creating`.
pub fn doing(action: Action) -> &'static str {
    match action {
        Action::Create => "creating",
        Action::Update => "updating",
        Action::Rollout => "rolling out",
        Action::Replace => "replacing",
        Action::Adopt => "recording",
        Action::Delete => "deleting",
    }
}

/// What was done: `created`.
pub fn done(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Update => "updated",
        Action::Rollout => "rolled out",
        Action::Replace => "replaced",
        Action::Adopt => "recorded",
        Action::Delete => "deleted",
    }
}

/// Why a change is planned; nothing where it goes without saying.
pub fn reason(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::New | Reason::Differs | Reason::TakenDown => None,
        Reason::Gone => Some("it was made before, and is gone"),
        Reason::Failed => Some("AWS gave up on it"),
        Reason::Unrecorded => Some("an interrupted run made it"),
        Reason::NotWanted => Some("the file does not describe it any more"),
        Reason::Replaced => Some("another took its place"),
    }
}

/// What people notice, after "it".
pub fn disruption(disruption: Disruption) -> &'static str {
    match disruption {
        Disruption::None => "disrupts nothing",
        Disruption::ConnectionsDrain => "replaces tasks one by one; their connections drain",
        Disruption::Outage => "makes something unreachable for a while",
        Disruption::DataLost => "loses data",
    }
}

/// How a field changes.
pub fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::InPlace => "in place",
        Rule::Rollout => "rollout",
        Rule::Replace => "replace",
        Rule::Impossible => "impossible",
    }
}

/// Who changed a field, where it was not the file.
pub fn origin(origin: Origin) -> Option<&'static str> {
    match origin {
        Origin::File => None,
        Origin::Live => Some("changed outside Pointsman"),
        Origin::Both => Some("changed in the file and outside Pointsman"),
    }
}

/// Why something is held.
pub fn held(reason: &HeldReason) -> String {
    match reason {
        HeldReason::NotYetManaged => "not yet managed".to_owned(),
        HeldReason::Protected => "protected: referred to, never written".to_owned(),
        HeldReason::AutoscalerOwns { live, written } => {
            format!("the autoscaler owns it: {live} lives, the file says {written}")
        }
        HeldReason::ScheduleOwns { live, written } => {
            format!("one of its schedules set it: {live} lives, the file says {written}")
        }
        HeldReason::Suspended => "suspended: the rollout that did it takes it up again".to_owned(),
        HeldReason::Ignored { live, written } => {
            format!("ignored by [drift]: {live} lives, the file says {written}")
        }
        HeldReason::NotOursAnyMore => "recorded, but what lives does not carry our tags any more".to_owned(),
    }
}

/// A value in one line; nothing stands for absent.
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) => super::paint::plain(text).replace('\n', "\\n"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(self::value).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// The first seven characters of a commit.
pub fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

/// A time that something took: `0.4 s`, `12 s`, `3 min 5 s`.
pub fn took(milliseconds: u64) -> String {
    match milliseconds {
        0..10_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        10_000..120_000 => format!("{} s", milliseconds / 1_000),
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds % 60_000 / 1_000),
    }
}

/// A time (RFC 3339) to the second.
pub fn moment(time: &str) -> String {
    super::paint::plain(&match time.split_once('.') {
        Some((seconds, rest)) if rest.ends_with('Z') => format!("{seconds}Z"),
        _ => time.to_owned(),
    })
}

/// How long ago something was, roughly: `12 s`, `5 min`, `3 h`, `2 days`.
pub fn ago(milliseconds: u64) -> String {
    let minutes = milliseconds / 60_000;
    match minutes {
        0 => format!("{} s ago", milliseconds / 1_000),
        1..120 => format!("{minutes} min ago"),
        120..2_880 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1_440),
    }
}

/// `1 change`, `2 changes`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
