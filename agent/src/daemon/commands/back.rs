use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use pointsman_aws::Access;
use pointsman_core::{
    environment::EnvironmentName,
    failure::Failure,
    policy::ActorKind,
    render,
    report::{
        Event,
        command::{Reply, Right},
    },
    state::State,
};
use pointsman_engine::{Approval, Purpose, Run, ports::Listener};

use super::{Ask, place::Place, rollouts::of_this_pull};
use crate::daemon::{
    agent::{Walk, for_policies},
    board::{BoardListener, LogListener},
    came::came_to,
    policies::policies,
    recorded::recorded,
};

/// Goes back to the release before, when the environment's turn comes.
pub(super) async fn go_back(ask: &Ask, name: EnvironmentName) -> Result<Reply, Reply> {
    if matches!(ask.place, Place::Open { .. }) {
        return Err(Reply::IsOpen);
    }
    let name = ask.one(Some(name)).await?;
    ask.standing(&name).await?;
    drive(ask, &name, Purpose::GoBack);
    Ok(Reply::GoesBack(name))
}

/// Drives a rollout that goes back, as a task that takes its turn.
pub(super) fn drive(ask: &Ask, name: &EnvironmentName, purpose: Purpose) {
    let (what, ask, name) = (format!("the way back of {name}"), ask.clone(), name.clone());
    let agent = Arc::clone(&ask.agent);
    let ended = name.clone();
    let task = async move {
        ask.agent.be_busy(&name).await;
        let reply = Box::pin(driven(&ask, &name, purpose)).await;
        // A word that was kept stays kept; it says itself what it was about.
        if purpose == Purpose::GoBack {
            ask.answer(reply.unwrap_or_else(|instead| instead));
            ask.show().await;
        }
    };
    agent.spawn(what, task, move |agent| {
        agent.memory().busy.remove(&ended);
    });
}

async fn driven(ask: &Ask, name: &EnvironmentName, purpose: Purpose) -> Result<Reply, Reply> {
    let agent = &ask.agent;
    let _turn = agent.slots.take(name).await;
    let failed = |failure: Failure| Reply::Failed { why: render::failure::text(name, &failure) };
    if agent.stop.is_asked() {
        return Err(failed(Failure::Stopped));
    }
    // The turn may have come long after the question.
    match ask.github.right_of(&ask.who).await {
        Ok(right) if right >= Right::Write => {}
        Ok(_) => return Err(Reply::NotAllowed { needs: Right::Write }),
        Err(error) => return Err(Reply::Failed { why: error.to_string() }),
    }
    let (head, environment) = ask.standing(name).await?;
    let ports = agent.connect(&environment, Access::Write).await.map_err(failed)?;
    let status = pointsman_engine::status(&ports, name).await.map_err(failed)?;
    let Some((state, commit)) = status.state.and_then(|state| {
        let commit = state.deployed_commit.clone()?;
        Some((state, commit))
    }) else {
        return Err(Reply::NothingOpen(name.clone()));
    };
    of_this_pull(ask, name, &commit).await?;
    if purpose == Purpose::GoBack && began_since(&state, ask.at_ms()) {
        return Err(Reply::BeganLater(name.clone()));
    }
    let judges = policies(&head).map_err(|error| Reply::Failed { why: error.to_string() })?;
    let (board, origin) = agent.boards.of(agent, &commit).await;
    let listener = AfterLock {
        board: BoardListener { board: Arc::clone(&board), environment: name.clone() },
        log: LogListener { environment: name.clone() },
        locked: AtomicBool::new(false),
    };
    // What stands says what goes back; what the branch says since is the next deploy's.
    let began = recorded(agent, &state, name).await;
    let began = began.map_err(|error| Reply::Failed { why: error.to_string() })?;
    let environment = began.map_or(environment, |began| began.environment);
    let run = agent.run(Walk {
        environment: environment.clone(),
        policies: vec![judges],
        pull: origin.pull().map(|pull| for_policies(pull, &commit)),
        commit,
        actor: ActorKind::Person,
        ports,
        listener: Arc::new(listener),
    });
    let result = Box::pin(pointsman_engine::deploy(&Run { purpose, ..run }, Approval::Given)).await;
    let reply = match &result {
        Ok(_) => Ok(Reply::WentBack(name.clone())),
        Err(failure) => Err(failed(failure.clone())),
    };
    if matches!(&result, Ok(_) | Err(Failure::Incomplete(_))) {
        let came = came_to(&environment, result);
        board.change_environment(name, |report| {
            report.status = came.status;
            (came.change)(report);
        });
    }
    reply
}

/// Whether a rollout began after something was written: then it was not about that.
fn began_since(state: &State, at_ms: u64) -> bool {
    state.tracks.values().any(|track| {
        let open = track.open.as_ref().map(|open| open.opened_at_ms);
        let last = track.last.as_ref().map(|last| last.opened_at_ms);
        open.max(last).is_some_and(|opened| opened > at_ms)
    })
}

/// Tells the report only what happens once the lock is held: without it
/// nothing of what the report says has changed.
#[derive(Debug)]
struct AfterLock {
    board: BoardListener,
    log: LogListener,
    locked: AtomicBool,
}

impl Listener for AfterLock {
    fn tell(&self, event: &Event) {
        if matches!(event, Event::Locked { .. }) {
            self.locked.store(true, Ordering::Relaxed);
        }
        if self.locked.load(Ordering::Relaxed) {
            self.board.tell(event);
        } else {
            self.log.tell(event);
        }
    }
}
