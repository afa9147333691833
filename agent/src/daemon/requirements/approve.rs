use std::sync::Arc;

use pointsman_aws::Access;
use pointsman_core::{
    environment::EnvironmentName,
    failure::Failure,
    render::{self, requirement as words},
    requirement::{
        Approved, Discounted, Facts, How, Login, Merge, Requirements, SETTLED_MS, Shown, ineligible, names,
    },
};
use pointsman_engine::{approvals, approve};

use super::{facts, now_ms, required};
use crate::{daemon::agent::Agent, github::Pull};

/// What became of a person's word, in a sentence for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::daemon) enum Answer {
    /// It is kept.
    Kept(String),
    /// It is not.
    Refused(String),
}

/// Keeps the approval of the plan that a pull request shows for an environment.
/// `prefix` is how its hash begins; without it the plan is meant that has stood
/// there for a while.
pub(in crate::daemon) async fn approve_plan(
    agent: &Arc<Agent>,
    pull: &Pull,
    environment: &EnvironmentName,
    who: &str,
    prefix: Option<&str>,
) -> Answer {
    keep(agent, pull, environment, who, prefix, Word::Approves).await.unwrap_or_else(Answer::Refused)
}

/// Lets the plan that a pull request shows for an environment pass the freeze
/// that is open now. It approves nothing.
pub(in crate::daemon) async fn break_glass(
    agent: &Arc<Agent>,
    pull: &Pull,
    environment: &EnvironmentName,
    who: &str,
    reason: &str,
) -> Answer {
    keep(agent, pull, environment, who, None, Word::BreaksGlass(reason)).await.unwrap_or_else(Answer::Refused)
}

#[derive(Clone, Copy)]
enum Word<'w> {
    Approves,
    BreaksGlass(&'w str),
}

/// The longest reason that is kept, in characters.
const LONGEST: usize = 300;

async fn keep(
    agent: &Arc<Agent>,
    pull: &Pull,
    environment: &EnvironmentName,
    who: &str,
    prefix: Option<&str>,
    word: Word<'_>,
) -> Result<Answer, String> {
    let login = Login::new(who);
    let failed = |failure: Failure| render::failure::text(environment, &failure);
    let branch = agent.memory().branch.clone().ok_or_else(|| words::not_ready().to_owned())?;
    let head = agent.snapshots.at(&branch).await.map_err(|error| error.to_string())?;
    let required = required(agent, environment.as_str(), &head, &[])?;
    if matches!(word, Word::Approves) && required.iter().all(|one| one.approvals == 0) {
        return Err(words::no_approval_asked().to_owned());
    }
    // Where the branch says it lies: what a pull request says of its own backend is not asked.
    let described = head.reading.environment(environment.as_str());
    let described = described.ok_or_else(|| words::not_described(environment))?;
    let ports = agent.connect(described, Access::Write).await.map_err(failed)?;
    let kept = approvals(&ports).await.map_err(failed)?;
    let shown = agent.memory().showing.with(environment, pull.number, &kept.shown);
    let now_ms = now_ms();
    let shown =
        meant(&shown, prefix, now_ms).map_err(|last| words::another_plan(environment, last.as_deref()))?;
    let facts = facts_of(agent, pull, environment, &login, &required, &shown.plan).await?;
    let (how, why) = match word {
        Word::Approves => {
            may_approve(&required, &facts, &login)?;
            (How::Command, None)
        }
        Word::BreaksGlass(reason) => {
            may_break(&required, &facts, &login, now_ms)?;
            let reason: String = reason.trim().chars().take(LONGEST).collect();
            if reason.is_empty() {
                return Err(words::no_reason().to_owned());
            }
            (How::BreakGlass, Some(reason))
        }
    };
    let Shown { environment: name, pull, commit, plan, at_ms: _ } = shown;
    let approved = Approved { environment: name, pull, commit, plan, who: login, at_ms: now_ms, how, why };
    approve(&ports, &approved).await.map_err(failed)?;
    tracing::info!(%environment, pull, plan = approved.plan, who, how = ?approved.how, why = approved.why, "kept");
    Ok(Answer::Kept(words::kept(&approved)))
}

/// The plan that is meant: the last that was shown, or how it begins; else the
/// last that was shown, where one was.
fn meant(shown: &[Shown], prefix: Option<&str>, now_ms: u64) -> Result<Shown, Option<String>> {
    let last = shown.iter().max_by_key(|one| one.at_ms).ok_or(None)?;
    let is_meant = match prefix {
        Some(prefix) => prefix.len() >= words::HASH && last.plan.starts_with(&prefix.to_ascii_lowercase()),
        // Who names none may have read what stood there a moment ago.
        None => {
            let from = now_ms.saturating_sub(SETTLED_MS);
            let before = shown.iter().filter(|one| one.at_ms < from).max_by_key(|one| one.at_ms);
            let since = shown.iter().filter(|one| one.at_ms >= from);
            since.chain(before).all(|one| one.plan == last.plan)
        }
    };
    if is_meant { Ok(last.clone()) } else { Err(Some(last.plan.clone())) }
}

async fn facts_of(
    agent: &Arc<Agent>,
    pull: &Pull,
    environment: &EnvironmentName,
    login: &Login,
    required: &[Requirements],
    plan: &str,
) -> Result<Facts, String> {
    let github = agent.github.as_ref().ok_or_else(|| words::not_ready().to_owned())?;
    let pulls = facts::pull_facts(github, pull, Merge::Merged).await.map_err(|error| error.to_string())?;
    let people = facts::people(github, required, &[login.clone()].into()).await;
    let people = people.map_err(|error| error.to_string())?;
    Ok(Facts {
        environment: environment.to_string(),
        pull: Some(pulls),
        plan: plan.to_owned(),
        changes_nothing: false,
        allowed: true,
        approved: Vec::new(),
        writers: people.writers,
        members: people.members,
    })
}

fn may_approve(required: &[Requirements], facts: &Facts, login: &Login) -> Result<(), String> {
    let mut asking = required.iter().filter(|one| one.approvals > 0).peekable();
    if asking.peek().is_none() {
        return Err(words::no_approval_asked().to_owned());
    }
    let mut why: Option<Discounted> = None;
    for one in asking {
        match ineligible(one, facts, login) {
            None => return Ok(()),
            discounted => why = why.or(discounted),
        }
    }
    Err(words::not_counted(login, why))
}

fn may_break(required: &[Requirements], facts: &Facts, login: &Login, now_ms: u64) -> Result<(), String> {
    let frozen = |one: &&Requirements| one.freeze.iter().any(|freeze| freeze.window(now_ms).is_some());
    let mut frozen = required.iter().filter(frozen).peekable();
    if frozen.peek().is_none() {
        return Err(words::not_frozen().to_owned());
    }
    let may = |one: &Requirements| {
        !login.is_bot() && facts.writers.contains(login) && names(&one.break_glass, facts, login)
    };
    if frozen.any(may) { Ok(()) } else { Err(words::may_not_break(login)) }
}

#[cfg(test)]
mod tests {
    use super::{SETTLED_MS, Shown, meant};

    fn shown(plan: &str, at_ms: u64) -> Shown {
        Shown { environment: "a/b".to_owned(), pull: 7, commit: "c".to_owned(), plan: plan.to_owned(), at_ms }
    }

    #[test]
    fn the_plan_that_stands_there_is_meant_and_no_other() {
        let two = [shown("22222222222222", 100), shown("11111111111111", 50)];
        let plan = |prefix, now| meant(&two, prefix, now).map(|shown| shown.plan);
        let other = Err(Some("22222222222222".to_owned()));
        assert_eq!(meant(&[], None, 0), Err(None));
        assert_eq!(plan(Some("222222222222"), 101), Ok("22222222222222".to_owned()));
        assert_eq!(plan(Some("111111111111"), 101), other);
        assert_eq!(plan(Some("22222222222"), 101), other, "too short to be sure");
        assert_eq!(plan(None, 101), other, "it may have been read a moment ago");
        assert_eq!(plan(None, 100 + SETTLED_MS), other);
        assert_eq!(plan(None, 101 + SETTLED_MS), Ok("22222222222222".to_owned()));
    }
}
