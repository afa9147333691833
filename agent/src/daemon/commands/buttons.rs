use std::sync::Arc;

use jiff::Timestamp;
use pointsman_core::{
    command::Command,
    environment::EnvironmentName,
    report::command::{Reply, Right},
};

use super::{Ask, act, place};
use crate::daemon::{agent::Agent, deliver::CHECK};
pub(in crate::daemon) use crate::github::CheckButton as Button;

/// A button of a check, or GitHub's own “Re-run”, that somebody pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::daemon) struct Pressed {
    /// The check's name.
    pub(in crate::daemon) check: String,
    /// The commit that it stands on.
    pub(in crate::daemon) commit: String,
    /// The login of whoever pressed it.
    pub(in crate::daemon) sender: String,
    /// Which; none for “Re-run”.
    pub(in crate::daemon) button: Option<Button>,
    /// Tells answers apart: a number that no other press has.
    pub(in crate::daemon) id: usize,
}

/// Acts on a button as on a comment: whoever pressed it must be allowed to, now.
/// One that stands on a commit that is no longer proposed does nothing.
pub(in crate::daemon) async fn press(agent: &Arc<Agent>, pressed: Pressed) {
    let Some(github) = agent.github.clone() else { return };
    let Pressed { check, commit, sender, button, id } = pressed;
    let environment = check.strip_prefix(CHECK).and_then(|rest| rest.strip_prefix(" / "));
    let environment = environment.and_then(EnvironmentName::parse);
    if environment.is_none() && check != CHECK {
        return tracing::warn!(check, "a button of a check that is not ours was pressed");
    }
    let open = agent.memory().open.iter().find(|pull| pull.head == commit).map(|pull| pull.number);
    let number = match open {
        Some(number) => Some(number),
        None => agent.boards.origin(agent, &commit).await.pull().map(|pull| pull.number),
    };
    let Some(number) = number else {
        return tracing::warn!(commit, "a button was pressed on a commit of no pull request");
    };
    let looked_up = async {
        Ok::<_, crate::github::GithubError>((
            place::of(agent, &github, number).await?,
            github.right_of(&sender).await?,
        ))
    };
    let (place, right) = match looked_up.await {
        Ok((Some(place), right)) => (place, right),
        Ok((None, _)) => return,
        Err(error) => return tracing::warn!(%error, number, "a button was pressed, and nothing is done"),
    };
    let command = match (button, &place) {
        (None | Some(Button::Again), place::Place::Open { .. }) => {
            Command::Plan { environment: None, commit: None }
        }
        (None | Some(Button::Again), place::Place::Merged { .. }) => {
            Command::Apply { environment, break_glass: None }
        }
        (Some(Button::Promote), _) => Command::Promote { environment },
        (Some(Button::Abort), _) => Command::Abort { environment, why: None },
        (Some(Button::Approve), _) => Command::Approve { environment, plan: None },
    };
    let stale = matches!(&place, place::Place::Open { head, .. } if *head != commit);
    let asked = command.to_string();
    let head = place.pull().head.clone();
    let at = Timestamp::now();
    let ask = Ask { agent: Arc::clone(agent), github, place, who: sender, at, right, of: (0, id), asked };
    let reply = match () {
        () if right < Right::Write => Reply::NotAllowed { needs: Right::Write },
        () if stale => Reply::OtherCommit { head },
        () => Box::pin(act::act(&ask, command)).await,
    };
    ask.answer(reply);
    ask.show().await;
}
