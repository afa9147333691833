//! What is changed in one environment, and what somebody else changed there.

use super::{block, code, folded, left_out, rest};
use crate::{
    plan::{Action, Change, FieldChange, Origin, Plan},
    render::{
        plan::{Row, Widths},
        words,
    },
    report::pull_request::PullReport,
};

/// A value longer than this is shortened in the middle of a line.
const LONGEST_VALUE: usize = 200;

/// An address longer than this is shortened.
const LONGEST_ADDRESS: usize = 60;

/// What somebody changed outside, and this plan would take back.
pub(super) fn undone(plan: &Plan, room: usize) -> String {
    let fields: Vec<(&Change, &FieldChange)> = plan
        .changes
        .iter()
        .flat_map(|change| change.fields.iter().map(move |field| (change, field)))
        .filter(|(_, field)| field.origin != Origin::File)
        .collect();
    if fields.is_empty() {
        return String::new();
    }
    let mut text =
        "⚠️ **Changed outside Pointsman since the last deploy**; this plan would undo it:\n".to_owned();
    for (change, field) in fields.iter().take(room) {
        text.push_str(&format!(
            "- {} {}: lives {}, the file says {}\n",
            code(change.address.as_str()),
            code(&field.field),
            code(&short_value(&field.before)),
            code(&short_value(&field.after))
        ));
    }
    text.push_str(&left_out(fields.len(), room, "field", "fields", "the changes below have all"));
    text.push('\n');
    text
}

/// Whether a diff is shown at once.
#[derive(Clone, Copy)]
pub(super) enum Fold {
    /// At once.
    Open,
    /// When somebody opens it.
    Closed,
}

impl Fold {
    /// A short diff is read at once.
    pub(super) fn from_size(plan: &Plan) -> Self {
        let lines: usize = plan.changes.iter().map(|change| 1 + change.fields.len()).sum();
        if lines <= 10 { Self::Open } else { Self::Closed }
    }
}

/// Every change in the columns that the terminal has, with its fields below it.
pub(super) fn changes(report: &PullReport, plan: &Plan, room: usize, fold: Fold) -> String {
    if plan.is_empty() {
        return String::new();
    }
    let rows: Vec<Row> = plan.changes.iter().map(Row::of).collect();
    let widths = Widths::of(&rows, LONGEST_ADDRESS);
    let mut lines = Vec::new();
    for (change, row) in plan.changes.iter().zip(&rows) {
        let sign = diff_sign(change.action);
        let [address, action, takes, disrupts] = widths.cells(row);
        let reason = words::reason(change.reason).map(|reason| format!(", {reason}")).unwrap_or_default();
        lines.push(format!(
            "{sign} {address}  {action}  {takes}  {disrupts}  {}{}{reason}",
            change.kind.title(),
            named(change),
        ));
        for field in &change.fields {
            let origin = words::origin(field.origin).map(|origin| format!(", {origin}")).unwrap_or_default();
            lines.push(format!(
                "{sign}     {}: {} → {} ({}{origin})",
                one_line(&field.field),
                short_value(&field.before),
                short_value(&field.after),
                words::rule(field.rule)
            ));
        }
    }
    let all = lines.len();
    lines.truncate(room);
    let mut body = if lines.is_empty() { String::new() } else { block("diff", &lines) };
    body.push_str(&left_out(
        all,
        room,
        "line",
        "lines",
        &rest(report, &format!("{} shows all", code(&format!("pointsman plan {}", plan.environment)))),
    ));
    match fold {
        Fold::Open => format!("{body}\n"),
        Fold::Closed => {
            format!("{}\n", folded(&words::count(plan.changes.len(), "change", "changes"), &body))
        }
    }
}

/// The object's name in AWS, where it is known.
fn named(change: &Change) -> String {
    let desired = change.desired.as_ref().map(|desired| &desired.resource);
    let observed = || change.observed.as_ref().map(|observed| &observed.resource);
    desired
        .or_else(observed)
        .map(|resource| format!(" {}", shortened(&resource.spec().name())))
        .unwrap_or_default()
}

/// GitHub's colours for a diff: green, red, orange.
fn diff_sign(action: Action) -> &'static str {
    match action {
        Action::Create | Action::Adopt => "+",
        Action::Update | Action::Rollout | Action::Replace => "!",
        Action::Delete => "-",
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn short_value(value: &serde_json::Value) -> String {
    shortened(&words::value(value))
}

/// A long text in one line, with its length where it was shortened.
pub(super) fn shortened(text: &str) -> String {
    shortened_to(text, LONGEST_VALUE)
}

/// The same, to so many characters.
pub(super) fn shortened_to(text: &str, most: usize) -> String {
    let text = one_line(text);
    let length = text.chars().count();
    if length <= most {
        return text;
    }
    let begin: String = text.chars().take(most).collect();
    format!("{begin}… ({length} characters)")
}
