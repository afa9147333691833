use pointsman_aws::Access;
use pointsman_core::{
    environment::EnvironmentName,
    render,
    report::command::Reply,
    rollout::{Purpose as For, Said, Word},
};
use pointsman_engine::{Heard, Purpose};

use super::{
    Ask,
    act::{noted, try_again},
    back, before_merge,
    place::Place,
};
use crate::daemon::{boards::Origin, requirements};

/// Keeps a word about the open rollouts of an environment, where they came with
/// this pull request and began before the word was written: what is written
/// about one rollout is never heard as about the next.
pub(super) async fn say(
    ask: &Ask,
    environment: Option<EnvironmentName>,
    word: Word,
    plan: Option<String>,
    why: Option<String>,
) -> Result<Reply, Reply> {
    let name = ask.one(environment).await?;
    let is_open = matches!(ask.place, Place::Open { .. });
    if is_open && !Box::pin(before_merge::is_applied(ask, &name)).await {
        return match word {
            Word::Approve => approve_plan(ask, name, plan).await,
            Word::Abort | Word::Promote => Err(Reply::IsOpen),
        };
    }
    let (_, described) = ask.standing(&name).await?;
    let failed = |failure| Reply::Failed { why: render::failure::text(&name, &failure) };
    let ports = ask.agent.connect(&described, Access::Write).await.map_err(failed)?;
    let status = pointsman_engine::status(&ports, &name).await.map_err(failed)?;
    let Some(state) = status.state else {
        return match word {
            Word::Approve => approve_plan(ask, name, plan).await,
            Word::Abort | Word::Promote => Err(Reply::NothingOpen(name)),
        };
    };
    let open: Vec<_> = state.tracks.values().filter_map(|track| track.open.clone()).collect();
    // What ECS carries out waits for no approval: it is one of another plan.
    if open.is_empty() && (state.ecs_releases.is_empty() || word == Word::Approve) {
        return match word {
            Word::Approve => approve_plan(ask, name, plan).await,
            Word::Abort | Word::Promote => Err(Reply::NothingOpen(name)),
        };
    }
    let by_ecs = state.ecs_releases.values().map(|it| (Some(it.commit.as_str()), it.opened_at_ms));
    let by_us = open.iter().map(|rollout| {
        let commit = match rollout.purpose {
            For::Release | For::CutOver => Some(rollout.commit.as_str()),
            For::Back | For::ToOld => state.deployed_commit.as_deref(),
        };
        (commit, rollout.opened_at_ms)
    });
    for (commit, opened_at_ms) in by_us.chain(by_ecs) {
        // What is open was applied from here, as was looked up.
        if !is_open {
            of_this_pull(ask, &name, commit.unwrap_or_default()).await?;
        }
        if opened_at_ms > ask.at_ms() {
            return Err(Reply::BeganLater(name));
        }
    }
    // The time of the comment: the same word, kept twice, is heard once.
    let said = Said { who: ask.who.clone(), at_ms: ask.at_ms(), plan: String::new(), why };
    let heard = pointsman_engine::say(&ports, &name, word, plan.as_deref(), said).await.map_err(failed)?;
    match heard {
        Heard::Kept(services) => {
            if open.iter().any(|rollout| matches!(rollout.purpose, For::Back | For::ToOld)) {
                back::drive(ask, &name, Purpose::GoOn);
            } else {
                try_again(&ask.agent, &name);
            }
            Ok(Reply::Said { environment: name, word, services })
        }
        Heard::Refused(refused) => Err(Reply::Refused { environment: name, refused }),
        Heard::NothingOpen => Err(Reply::NothingOpen(name)),
    }
}

/// Agrees to a plan that waits for approval and is no rollout.
async fn approve_plan(ask: &Ask, name: EnvironmentName, plan: Option<String>) -> Result<Reply, Reply> {
    let kept =
        requirements::approve_plan(&ask.agent, ask.place.pull(), &name, &ask.who, plan.as_deref()).await;
    noted(ask, &name, kept)
}

/// Whether a commit came with the pull request on which it is spoken of.
pub(super) async fn of_this_pull(ask: &Ask, name: &EnvironmentName, commit: &str) -> Result<(), Reply> {
    let (environment, commit) = (name.clone(), commit.to_owned());
    if commit.is_empty() {
        return Err(Reply::NothingOpen(environment));
    }
    match ask.agent.boards.origin(&ask.agent, &commit).await {
        Origin::Pull(pull) if pull.number == ask.place.number() => Ok(()),
        Origin::Pull(_) | Origin::Push => Err(Reply::OfAnother { environment, commit }),
        Origin::Unknown => Err(Reply::OriginUnknown { environment, commit }),
    }
}
