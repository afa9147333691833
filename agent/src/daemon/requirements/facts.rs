use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use pointsman_core::{
    environment::EnvironmentName,
    policy::Approval,
    render,
    report::{Judged, command::Right},
    requirement::{Facts, Login, Merge, Opinion, PullFacts, Requirements, Review, Team, Who, plan_of_review},
};
use pointsman_engine::{Approvals, Run, approvals, ports::Ports};

use crate::{
    daemon::{agent::Agent, boards::Origin},
    github::{Client, GithubError, Pull},
};

/// What was asked before anything was planned.
#[derive(Debug)]
pub(super) struct Asked {
    pull: Option<PullFacts>,
    kept: Approvals,
    people: People,
}

/// What is known of those who said something.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) writers: BTreeSet<Login>,
    pub(super) members: BTreeSet<(Team, Login)>,
}

/// Asks GitHub for the reviews, and the run table for what was approved.
///
/// # Errors
///
/// When any of it is not known, in words.
pub(super) async fn ask(
    agent: &Arc<Agent>,
    origin: &Origin,
    required: &[Requirements],
    ports: &Ports,
    environment: &EnvironmentName,
    commit: &str,
    merge: Merge,
) -> Result<Asked, String> {
    let kept = approvals(ports).await.map_err(|failure| render::failure::text(environment, &failure))?;
    let pull = match origin {
        Origin::Push => return Ok(Asked { pull: None, kept, people: People::default() }),
        Origin::Unknown => {
            return Err("GitHub did not say which pull request this commit came with.".to_owned());
        }
        Origin::Pull(pull) => pull,
    };
    let Some(github) = &agent.github else { return Err("There is no GitHub to ask.".to_owned()) };
    let told = |error: GithubError| error.to_string();
    let mut facts = pull_facts(github, pull, merge).await.map_err(told)?;
    let shown = agent.memory().showing.with(environment, pull.number, &kept.shown);
    let commits = [pull.head.as_str(), commit];
    for review in &mut facts.reviews {
        review.plan = plan_of_review(&shown, &commits, review.at_ms).map(str::to_owned);
    }
    let mut logins: BTreeSet<Login> = facts.reviews.iter().map(|review| review.login.clone()).collect();
    let here = |pull_of: u64, of: &str| pull_of == pull.number && of == environment.as_str();
    logins.extend(
        kept.approved.iter().filter(|word| here(word.pull, &word.environment)).map(|word| word.who.clone()),
    );
    let people = people(github, required, &logins).await.map_err(told)?;
    Ok(Asked { pull: Some(facts), kept, people })
}

/// What GitHub says of a pull request, without the plans that were reviewed.
pub(super) async fn pull_facts(github: &Client, pull: &Pull, merge: Merge) -> Result<PullFacts, GithubError> {
    let (reviews, makers) = futures::join!(github.reviews(pull.number), github.makers_of(&pull.head));
    Ok(PullFacts {
        number: pull.number,
        author: Login::new(&pull.author),
        pushers: makers?.iter().map(|login| Login::new(login)).collect(),
        head: pull.head.clone(),
        reviews: reviews?.into_iter().filter_map(review).collect(),
        merge,
    })
}

/// One that is not submitted yet, or says what we do not know, says nothing.
fn review(raw: crate::github::Review) -> Option<Review> {
    let opinion = match raw.state.as_str() {
        "APPROVED" => Opinion::Approved,
        "CHANGES_REQUESTED" => Opinion::ChangesRequested,
        "DISMISSED" => Opinion::Dismissed,
        "COMMENTED" => Opinion::Commented,
        _ => return None,
    };
    // Without a time it is the first, and of no plan.
    let at = raw.submitted_at.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond);
    let at_ms = u64::try_from(at).unwrap_or_default();
    Some(Review { login: Login::new(&raw.login), opinion, commit: raw.commit, at_ms, plan: None })
}

/// Who of these may write, and is in a team that is asked for.
pub(super) async fn people(
    github: &Client,
    required: &[Requirements],
    logins: &BTreeSet<Login>,
) -> Result<People, GithubError> {
    let lists = required.iter().flat_map(|one| one.approvers.iter().chain(&one.break_glass));
    let teams: BTreeSet<&Team> = lists
        .filter_map(|who| match who {
            Who::Team(team) => Some(team),
            Who::Person(_) => None,
        })
        .collect();
    let mut people = People::default();
    for login in logins.iter().filter(|login| !login.is_bot()) {
        if github.right_of(login.as_str()).await? < Right::Write {
            continue;
        }
        people.writers.insert(login.clone());
        for team in &teams {
            if github.is_member(&team.organisation, &team.slug, login.as_str()).await? {
                people.members.insert(((*team).clone(), login.clone()));
            }
        }
    }
    Ok(people)
}

impl Asked {
    /// The approvals that count for policies: of this commit, by somebody else,
    /// not taken back. None without a pull request.
    pub(super) fn for_policies(&self) -> Option<Vec<Approval>> {
        let pull = self.pull.as_ref()?;
        let mut last: BTreeMap<&Login, &Review> = BTreeMap::new();
        for review in pull.reviews.iter().filter(|review| review.opinion != Opinion::Commented) {
            last.insert(&review.login, review);
        }
        let counts = |review: &&&Review| {
            review.opinion == Opinion::Approved
                && review.commit == pull.head
                && review.login != pull.author
                && self.people.writers.contains(&review.login)
        };
        let approval = |review: &&Review| Approval {
            by: review.login.to_string(),
            at: at(review.at_ms),
            commit: review.commit.clone(),
        };
        Some(last.values().filter(counts).map(approval).collect())
    }

    /// Everything that requirements are held against.
    pub(super) fn facts(self, run: &Run, judged: &Judged, plan: &str) -> Facts {
        let Self { pull, kept, people } = self;
        let changes = &judged.plan;
        Facts {
            environment: run.environment.name.to_string(),
            pull,
            plan: plan.to_owned(),
            changes_nothing: changes.is_empty() && changes.rollouts.is_empty() && changes.forget.is_empty(),
            allowed: judged.verdict.is_allowed(),
            approved: kept.approved,
            writers: people.writers,
            members: people.members,
        }
    }
}

fn at(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    at.map(|at| at.to_string()).unwrap_or_default()
}
