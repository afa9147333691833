use std::time::Instant;

use pointsman_aws::Access;
use pointsman_core::{
    command::Command,
    environment::EnvironmentName,
    render,
    report::command::{Help, Reply, Right},
    rollout::Word,
};
use pointsman_engine::{Unlocked, unlock};

use super::{Ask, back, before_merge, place::Place, rollouts};
use crate::daemon::{
    agent::Agent,
    memory::{Known, Work},
    requirements::{self, Answer},
};

/// Does what was asked, or says why not. What takes long goes on by itself, and
/// its answer is replaced when it ended.
pub(super) async fn act(ask: &Ask, command: Command) -> Reply {
    let say = |environment, word, plan, why| Box::pin(rollouts::say(ask, environment, word, plan, why));
    let reply = match command {
        Command::Help => Ok(help(ask).await),
        Command::Plan { environment, commit } => plan(ask, environment, commit).await,
        Command::Apply { environment, break_glass: None } => apply(ask, environment).await,
        Command::Apply { environment, break_glass: Some(why) } => {
            Box::pin(break_glass(ask, environment, &why)).await
        }
        Command::Promote { environment } => say(environment, Word::Promote, None, None).await,
        Command::Abort { environment, why } => say(environment, Word::Abort, None, why).await,
        Command::Approve { environment, plan } => say(environment, Word::Approve, plan, None).await,
        Command::Unlock { environment, id } => Box::pin(unlocked(ask, environment, &id)).await,
        Command::Rollback { environment } => back::go_back(ask, environment).await,
    };
    reply.unwrap_or_else(|instead| instead)
}

async fn help(ask: &Ask) -> Reply {
    let (merged, fork) = match &ask.place {
        Place::Open { pull, head } => (false, pull.fork.then(|| head.clone())),
        Place::Merged { .. } => (true, None),
    };
    // Without a list it helps as well.
    let environments = ask.environments().await.unwrap_or_default();
    Reply::Help(Help { merged, fork, environments })
}

/// Plans all of a pull request again. A fork is planned with credentials when
/// the very commit that it proposes at this moment is named, whole: then
/// nothing can be pushed between the reading and the planning.
async fn plan(
    ask: &Ask,
    environment: Option<EnvironmentName>,
    commit: Option<String>,
) -> Result<Reply, Reply> {
    let Place::Open { pull, head } = &ask.place else { return Err(Reply::IsMerged) };
    if let Some(named) = environment {
        ask.one(Some(named)).await?;
    }
    let reply = match commit {
        Some(commit) if commit != *head => return Err(Reply::OtherCommit { head: head.clone() }),
        None if pull.fork => return Err(Reply::ForkNeedsCommit { head: head.clone() }),
        Some(commit) if pull.fork => {
            ask.agent.memory().heard.allow(pull.number, &commit);
            Reply::ForkAllowed { commit }
        }
        Some(_) | None => Reply::PlansAgain,
    };
    ask.agent.memory().heard.again(pull.number);
    ask.agent.look_soon();
    Ok(reply)
}

async fn apply(ask: &Ask, environment: Option<EnvironmentName>) -> Result<Reply, Reply> {
    let name = ask.one(environment).await?;
    if matches!(ask.place, Place::Open { .. }) {
        return before_merge::apply(ask, name).await;
    }
    let (_head, _environment) = ask.standing(&name).await?;
    let (known, busy) = {
        let memory = ask.agent.memory();
        (memory.environments.get(&name).cloned(), memory.busy.get(&name) == Some(&Work::Deploys))
    };
    match known {
        _ if busy => Ok(Reply::IsBusy(name)),
        Some(Known::Deployed { .. }) => Ok(Reply::Stands(name)),
        Some(Known::Failed { .. } | Known::Later { .. }) | None => {
            try_again(&ask.agent, &name);
            Ok(Reply::TriesAgain(name))
        }
    }
}

/// Lets the plan that waits pass a freeze, with a reason that is kept.
async fn break_glass(ask: &Ask, environment: Option<EnvironmentName>, why: &str) -> Result<Reply, Reply> {
    let name = ask.one(environment).await?;
    let kept = requirements::break_glass(&ask.agent, ask.place.pull(), &name, &ask.who, why).await;
    noted(ask, &name, kept)
}

/// What came of a word about a plan.
pub(super) fn noted(ask: &Ask, name: &EnvironmentName, answer: Answer) -> Result<Reply, Reply> {
    match answer {
        Answer::Kept(says) => {
            try_again(&ask.agent, name);
            Ok(Reply::Kept { says })
        }
        Answer::Refused(why) => Err(Reply::Failed { why }),
    }
}

/// Has the next poll, which comes at once, go on with an environment that is not what it should be.
pub(super) fn try_again(agent: &Agent, name: &EnvironmentName) {
    if let Some(known) = agent.memory().environments.get_mut(name)
        && let Known::Failed { fingerprint, .. } | Known::Later { fingerprint, .. } = known
    {
        let (fingerprint, trusted) = (fingerprint.clone(), known.trusted().cloned());
        *known = Known::Later { fingerprint, trusted, at: Instant::now(), times: 0 };
    }
    agent.look_soon();
}

/// Releases a lock that is named by its ID. Whoever holds it may be at work, so
/// that only administrators of the repository may.
async fn unlocked(ask: &Ask, environment: EnvironmentName, id: &str) -> Result<Reply, Reply> {
    if ask.right < Right::Admin {
        return Err(Reply::NotAllowed { needs: Right::Admin });
    }
    let environment = ask.one(Some(environment)).await?;
    let (_, described) = ask.standing(&environment).await?;
    let failed = |failure| Reply::Failed { why: render::failure::text(&environment, &failure) };
    let ports = ask.agent.connect(&described, Access::Write).await.map_err(failed)?;
    let who = format!("pointsman:{}@github#{}", ask.who, ask.place.number());
    match unlock(&ports, Some(id), &who).await.map_err(failed)? {
        Unlocked::Released(item) => {
            try_again(&ask.agent, &environment);
            Ok(Reply::Unlocked { environment, item: Box::new(item) })
        }
        Unlocked::Free => Ok(Reply::LockFree(environment)),
        Unlocked::Stands(item) => Err(Reply::OtherLock { environment, item: Box::new(item) }),
    }
}
