//! What has to be given before a plan is applied, by whom, and how.

use super::{diagnostic::escaped, words::count};
use crate::{
    environment::{Diagnostic, EnvironmentName},
    requirement::{Approved, Discounted, How, Login, Unmet, Who},
    scalar::Moment,
};

/// So much of a plan's approval hash names it on a pull request.
pub const HASH: usize = 12;

/// A plan's approval hash, as people write it.
pub fn short_hash(plan: &str) -> &str {
    plan.get(..HASH).unwrap_or(plan)
}

/// Why nothing is applied, what is missing, who may give it, and what to write.
/// `again`: whether the agent looks again by itself.
pub fn held(environment: &EnvironmentName, plan: &str, unmet: &[Unmet], again: bool) -> String {
    let plan = short_hash(plan);
    let mut lines = vec![format!("Nothing was applied. Plan `{plan}` waits:")];
    lines.extend(unmet.iter().map(|one| format!("- {}", missing(one, plan))));
    for next in unmet.iter().filter_map(|one| next(environment, plan, one)) {
        if !lines.contains(&next) {
            lines.push(next);
        }
    }
    lines.push(if again {
        "The agent looks again at every poll.".to_owned()
    } else {
        format!("Then write the comment `/pointsman apply {environment}` again.")
    });
    lines.join("\n")
}

/// One thing that is missing.
fn missing(unmet: &Unmet, plan: &str) -> String {
    match unmet {
        Unmet::Denied => "the policies deny it.".to_owned(),
        Unmet::NoPull => {
            "this commit came without a pull request, so that nobody can have approved it.".to_owned()
        }
        Unmet::ChangesRequested { by } => format!(
            "{} {} something changed first; that holds until they approve, or the review is dismissed.",
            logins(by),
            if by.len() == 1 { "wants" } else { "want" }
        ),
        Unmet::Approvals { needed, have, from, discounted } => {
            let needed = count(usize::from(*needed), "approval", "approvals");
            let from = if from.is_empty() {
                "somebody else who may write to this repository".to_owned()
            } else {
                people(from)
            };
            let have = if have.is_empty() { "nobody".to_owned() } else { logins(have) };
            let discounted: String = discounted
                .iter()
                .map(|(login, why)| {
                    format!(" What {} said does not count: {}.", code(login.as_str()), because(*why, plan))
                })
                .collect();
            format!("it needs {needed} by {from}; it was given by {have}.{discounted}")
        }
        Unmet::MergeUnknown => "GitHub has not said yet whether it can be merged.".to_owned(),
        Unmet::NotMergeable => "it cannot be merged: there are conflicts.".to_owned(),
        Unmet::Behind => "its base has commits that it lacks.".to_owned(),
        Unmet::Frozen { until_ms, reason, break_glass: _ } => {
            format!("nothing is applied here until {}: {}", time(*until_ms), prose(reason))
        }
    }
}

fn because(why: Discounted, plan: &str) -> String {
    match why {
        Discounted::Bot => "it is an App, not a person".to_owned(),
        Discounted::Author => "they opened the pull request".to_owned(),
        Discounted::Pusher => "they made its last commit".to_owned(),
        Discounted::MayNotWrite => "they may not write to this repository".to_owned(),
        Discounted::NotNamed => "they are not among those who are asked".to_owned(),
        Discounted::OtherCommit => "they reviewed another commit".to_owned(),
        Discounted::PlanUnknown => "it is not certain which plan stood here when they reviewed".to_owned(),
        Discounted::OtherPlan => format!("they approved another plan than `{plan}`"),
    }
}

/// What to do about it.
fn next(environment: &EnvironmentName, plan: &str, unmet: &Unmet) -> Option<String> {
    Some(match unmet {
        Unmet::Approvals { .. } => format!(
            "Next: one of them reads the plan and writes the comment `/pointsman approve {environment} --plan {plan}`."
        ),
        Unmet::NoPull => format!(
            "Next: bring the change with a pull request, or run `pointsman apply {environment}` by hand."
        ),
        Unmet::Frozen { break_glass, .. } if break_glass.is_empty() => {
            "Next: wait; nobody may pass this freeze.".to_owned()
        }
        Unmet::Frozen { break_glass, .. } => format!(
            "Next: wait; or, if it cannot wait, {} writes the comment `/pointsman apply {environment} --break-glass -- REASON`.",
            people(break_glass)
        ),
        Unmet::Denied => "Next: change what the policies object to.".to_owned(),
        Unmet::NotMergeable | Unmet::Behind => "Next: bring the branch up to date.".to_owned(),
        Unmet::ChangesRequested { .. } | Unmet::MergeUnknown => return None,
    })
}

/// It is another plan now than the one that was approved.
pub fn changed(approved: &str, now: &str) -> String {
    format!(
        "What lives changed after plan `{}` was approved: it is plan `{}` now, and that is asked for again.",
        short_hash(approved),
        short_hash(now)
    )
}

/// A freeze was passed.
pub fn glass_broken(broken: &Approved, until_ms: u64) -> String {
    let why = broken.why.as_deref().map(|why| format!(": {}", prose(why)));
    format!(
        "{} passed the freeze until {}{}",
        code(broken.who.as_str()),
        time(until_ms),
        why.unwrap_or_else(|| ".".to_owned())
    )
}

/// A plan that was let in, and by whom.
pub fn approved<'l>(plan: &str, by: impl IntoIterator<Item = &'l Login>) -> String {
    let by: Vec<String> = by.into_iter().map(|login| code(login.as_str())).collect();
    format!("Plan `{}` was approved by {}.", short_hash(plan), by.join(", "))
}

/// A person's word is kept.
pub fn kept(approved: &Approved) -> String {
    let (who, plan) = (code(approved.who.as_str()), short_hash(&approved.plan));
    let environment = code(&approved.environment);
    match approved.how {
        How::Command => format!(
            "{who} approved plan `{plan}` of {environment}. It counts for this plan alone: if it changes, it is asked for again."
        ),
        How::BreakGlass => {
            format!(
                "{who} lets plan `{plan}` of {environment} pass the freeze that is open now; it is recorded."
            )
        }
    }
}

/// It is not the plan that stands there; with the one that does, where one does.
pub fn another_plan(environment: &EnvironmentName, stands: Option<&str>) -> String {
    match stands {
        Some(plan) => {
            let plan = short_hash(plan);
            format!(
                "Nothing was kept: the plan of `{environment}` here is `{plan}`, or it became that only now. Next: read it, \
                 and write `/pointsman approve {environment} --plan {plan}`."
            )
        }
        None => format!(
            "Nothing was kept: no plan of `{environment}` was shown here. Next: wait until there is one."
        ),
    }
}

/// Whose approval does not count.
pub fn not_counted(login: &Login, why: Option<Discounted>) -> String {
    let why = why.map(|why| format!(": {}", because(why, ""))).unwrap_or_default();
    format!("Nothing was kept: an approval by {} does not count{why}.", code(login.as_str()))
}

/// Nobody has to approve.
pub fn no_approval_asked() -> &'static str {
    "Nothing was kept: no approval is required there."
}

/// There is no freeze to pass.
pub fn not_frozen() -> &'static str {
    "Nothing was kept: nothing is frozen there now."
}

/// Who may not pass a freeze.
pub fn may_not_break(login: &Login) -> String {
    format!(
        "Nothing was kept: {} is not among those who may pass the freeze that is open now.",
        code(login.as_str())
    )
}

/// A freeze is not passed without a reason.
pub fn no_reason() -> &'static str {
    "Nothing was kept: say why it cannot wait, after `--break-glass --`."
}

/// Too early to say anything.
pub fn not_ready() -> &'static str {
    "Nothing was kept: the agent has not read the config repo yet. Next: say it again in a moment."
}

/// The branch does not describe it, so that there is no place to keep anything.
pub fn not_described(environment: &EnvironmentName) -> String {
    format!(
        "Nothing was kept: the watched branch does not describe `{environment}` yet, and an approval is kept where it \
         says. Next: approve with a review, or after the merge."
    )
}

/// The file that says what is required cannot be used.
pub fn unusable<'d>(commit: &str, faults: impl IntoIterator<Item = &'d Diagnostic>) -> String {
    let faults: String = faults.into_iter().map(fault).collect();
    format!(
        "What is required before an apply cannot be read at {}, so nothing is applied:\n{faults}Next: correct it on the \
         watched branch.",
        super::words::short(commit)
    )
}

fn fault(diagnostic: &Diagnostic) -> String {
    let place = diagnostic.place.as_ref();
    let place =
        place.map(|place| format!("{}:{}:{}: ", place.file, place.line, place.column)).unwrap_or_default();
    let help = diagnostic.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    format!("- {place}{}{help}\n", diagnostic.message)
}

/// It is not known what was required before the change.
pub fn unknown_base() -> &'static str {
    "Nothing was applied: GitHub does not say which pull request this commit came with, and what is required changed lately. \
     It is asked again at every poll."
}

/// GitHub did not say what has to be known.
pub fn unknown(why: &str) -> String {
    format!(
        "Nothing was applied: it is not known who approved this. {why}\nIt is asked again with growing pauses."
    )
}

fn people(people: &[Who]) -> String {
    let people: Vec<String> = people.iter().map(|who| code(&who.to_string())).collect();
    people.join(" or ")
}

fn logins(logins: &[Login]) -> String {
    let logins: Vec<String> = logins.iter().map(|login| code(login.as_str())).collect();
    logins.join(", ")
}

/// What people wrote, without what would end or begin code.
fn code(text: &str) -> String {
    format!("`{}`", escaped(text).replace('`', "'"))
}

fn prose(text: &str) -> String {
    let text = escaped(text).replace('`', "'");
    let ended = text.trim_end().ends_with(['.', '!', '?']);
    format!("{}{}", text.trim(), if ended { "" } else { "." })
}

fn time(at_ms: u64) -> String {
    Moment::of_milliseconds(at_ms).to_string()
}
