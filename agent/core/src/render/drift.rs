//! How what lives differs from what was deployed, for terminals.

use std::fmt::Write;

use super::{
    paint::{bold, dim, green, plain, red, yellow},
    words,
};
use crate::{
    plan::{Action, Change},
    report::Judged,
};

/// The differences of one environment.
pub fn terminal(judged: &Judged) -> String {
    let plan = &judged.plan;
    let commit =
        plan.commit.as_deref().map(|commit| format!(" at {}", words::short(commit))).unwrap_or_default();
    let mut text = String::new();
    if plan.is_empty() {
        let _ = writeln!(text, "{}{commit}: {}", bold(plan.environment.as_str()), green("no drift"));
        return text;
    }
    let count = words::count(plan.changes.len(), "difference", "differences");
    let _ =
        writeln!(text, "{}{commit}: {}", bold(plan.environment.as_str()), yellow(&format!("drift, {count}")));
    for change in &plan.changes {
        write_change(&mut text, change);
    }
    let _ = writeln!(
        text,
        "Next: `pointsman apply {}`{commit} brings it back to what was deployed, or change the file to what lives.",
        plan.environment
    );
    text
}

fn write_change(text: &mut String, change: &Change) {
    let what = match change.action {
        Action::Create => red("is gone"),
        Action::Delete => yellow("still stands and should not"),
        Action::Adopt => yellow("stands and is not recorded"),
        Action::Update | Action::Rollout | Action::Replace => yellow("differs"),
    };
    let _ = writeln!(text, "  {} {what}", bold(change.address.as_str()));
    for field in &change.fields {
        let _ = writeln!(
            text,
            "      {}: deployed {}, lives {} {}",
            plain(&field.field),
            words::value(&field.after),
            words::value(&field.before),
            dim(&words::origin(field.origin).map(|origin| format!("({origin})")).unwrap_or_default())
        );
    }
}

/// What is said of an environment that nothing was deployed to.
pub fn never_deployed(environment: &str) -> String {
    format!("{}: {}\n", bold(environment), dim("never deployed, so nothing can drift"))
}
