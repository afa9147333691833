//! The table of a plan's changes, and what changes in each.

use std::{collections::BTreeMap, fmt::Write};

use crate::{
    plan::{Action, Change, Disruption, FieldChange},
    render::{
        forecast,
        layout::{COLUMNS, cut, cut_alike, length, padded},
        paint::{bold, dim, green, plain, red, yellow},
        words,
    },
};

/// The longest address that leaves the other columns their place.
const LONGEST_ADDRESS: usize = 37;

/// One row of the table, without colour: what the terminal and the comment
/// have in common.
pub struct Row {
    /// Which object.
    pub address: String,
    /// What is done: `roll out`.
    pub action: &'static str,
    /// How long it takes: `4–10 min`.
    pub takes: String,
    /// What people notice: `drain ≤ 6 min`.
    pub disrupts: String,
}

impl Row {
    /// Of a change.
    pub fn of(change: &Change) -> Self {
        Self {
            address: change.address.to_string(),
            action: words::action(change.action),
            takes: forecast::short(change.impact.takes()),
            disrupts: forecast::cell(change.impact.consequence, change.impact.lasts),
        }
    }
}

/// How wide the columns of these rows are; no address is wider than `longest`.
pub struct Widths {
    address: usize,
    action: usize,
    takes: usize,
    disrupts: usize,
}

impl Widths {
    /// Of all rows.
    pub fn of(rows: &[Row], longest: usize) -> Self {
        let widest = |of: fn(&Row) -> &str| rows.iter().map(|row| length(of(row))).max().unwrap_or(0);
        Self {
            address: widest(|row| &row.address).min(longest),
            action: widest(|row| row.action).max("action".len()),
            takes: widest(|row| &row.takes).max("takes".len()),
            disrupts: widest(|row| &row.disrupts),
        }
    }

    /// A row's cells, each as wide as its column.
    pub fn cells(&self, row: &Row) -> [String; 4] {
        [
            padded(&cut(&row.address, self.address), self.address),
            padded(row.action, self.action),
            padded(&row.takes, self.takes),
            padded(&row.disrupts, self.disrupts),
        ]
    }
}

/// The table: a line for each change.
pub(super) fn write_table(text: &mut String, changes: &[Change]) {
    let rows: Vec<Row> = changes.iter().map(Row::of).collect();
    let widths = Widths::of(&rows, LONGEST_ADDRESS);
    let [address, action, takes, _] = widths.cells(&Row {
        address: "object".to_owned(),
        action: "action",
        takes: "takes".to_owned(),
        disrupts: String::new(),
    });
    let _ = writeln!(text, "    {}", dim(&format!("{address}  {action}  {takes}  disrupts")));
    for (change, row) in changes.iter().zip(&rows) {
        let [address, action, takes, disrupts] = widths.cells(row);
        let disrupts = disrupts.trim_end();
        let disrupts = match change.disruption {
            Disruption::None => dim(disrupts),
            Disruption::ConnectionsDrain => yellow(disrupts),
            Disruption::Outage | Disruption::DataLost => red(disrupts),
        };
        let sign = painted(change.action, &format!("{:>3}", words::sign(change.action)));
        let _ = writeln!(text, "{sign} {}  {action}  {}  {disrupts}", bold(&address), dim(&takes));
    }
}

/// Which objects go, or are there for another reason than the file, and what
/// AWS calls them.
pub(super) fn write_reasons(text: &mut String, changes: &[Change]) {
    let mut by_reason: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for change in changes {
        let goes = (change.action == Action::Delete).then_some("everything is taken down");
        if let Some(reason) = words::reason(change.reason).or(goes) {
            by_reason.entry(reason).or_default().push(change);
        }
    }
    for (reason, changes) in by_reason {
        let _ = writeln!(text, "\n{}", bold(&format!("Because {reason}:")));
        let widest = changes.iter().map(|change| length(change.address.as_str())).max().unwrap_or(0);
        let widest = widest.min(LONGEST_ADDRESS);
        for change in changes {
            let sign = painted(change.action, &format!("{:>3}", words::sign(change.action)));
            let address = padded(&cut(change.address.as_str(), widest), widest);
            let called = cut(&called(change), COLUMNS - 6 - widest);
            let _ = writeln!(text, "{sign} {address}  {}", dim(&called));
        }
    }
}

/// The fields that change, object by object.
pub(super) fn write_fields(text: &mut String, changes: &[Change]) {
    for change in changes.iter().filter(|change| !change.fields.is_empty()) {
        let sign = painted(change.action, &format!("{:>3}", words::sign(change.action)));
        let room = COLUMNS.saturating_sub(6 + length(change.address.as_str())).max(16);
        let _ = writeln!(
            text,
            "\n{sign} {}  {}",
            bold(change.address.as_str()),
            dim(&cut(&called(change), room))
        );
        for field in &change.fields {
            write_field(text, change.action, field);
        }
    }
}

fn write_field(text: &mut String, action: Action, field: &FieldChange) {
    let name = plain(&field.field);
    let origin = words::origin(field.origin).map(|origin| format!(", {origin}")).unwrap_or_default();
    let how = format!("({}{origin})", words::rule(field.rule));
    let value = |value| {
        let text = words::value(value);
        // The name of the field says what it leads to.
        if text.starts_with("(known after apply") { "(known after apply)".to_owned() } else { text }
    };
    let (before, after) = (value(&field.before), value(&field.after));
    let width = 4 + length(&name) + 2 + length(&before) + 3 + length(&after) + 1 + length(&how);
    if width <= COLUMNS {
        let _ = writeln!(text, "    {name}: {before} → {} {}", painted(action, &after), dim(&how));
        return;
    }
    let (before, after) = cut_alike(&before, &after, COLUMNS - 8);
    let _ = writeln!(text, "    {name} {}", dim(&how));
    let _ = writeln!(text, "      {}", red(&format!("- {before}")));
    let _ = writeln!(text, "      {}", green(&format!("+ {after}")));
}

/// The object's kind, and its name in AWS.
fn called(change: &Change) -> String {
    let name = change
        .desired
        .as_ref()
        .map(|desired| &desired.resource)
        .or(change.observed.as_ref().map(|observed| &observed.resource))
        .map(|resource| plain(&resource.spec().name()))
        .unwrap_or_default();
    format!("{} {name}", change.kind.title()).trim_end().to_owned()
}

/// In the colour of what is done.
fn painted(action: Action, text: &str) -> String {
    match action {
        Action::Create | Action::Adopt => green(text),
        Action::Update | Action::Rollout => yellow(text),
        Action::Replace | Action::Delete => red(text),
    }
}
