use pointsman_core::{
    environment::EnvironmentName,
    rollout::{EcsRelease, Refusal, Said, Word},
};

use crate::{Failure, keeper::load, ports::Ports, rollout::open};

/// What became of a person's word about the rollouts that are open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is kept, for whoever drives the rollouts of these services.
    Kept(Vec<String>),
    /// It is not, for each of these services.
    Refused(Vec<(String, Refusal)>),
    /// No rollout is open.
    NothingOpen,
}

/// Keeps a person's word about every rollout of an environment that is open. No
/// lease is needed: whoever drives it hears of it at the next look.
///
/// `plan` is the plan that was read; none means whatever is carried out.
pub async fn say(
    ports: &Ports,
    environment: &EnvironmentName,
    word: Word,
    plan: Option<&str>,
    said: Said,
) -> Result<Heard, Failure> {
    let Some(state) = load(ports, environment).await?.state else {
        return Ok(Heard::NothingOpen);
    };
    let (mut kept, mut refused) = (Vec::new(), Vec::new());
    for (service, rollout) in open(&state) {
        let matches = plan.is_none_or(|plan| !plan.is_empty() && rollout.plan.starts_with(plan));
        let said = Said { plan: if matches { rollout.plan } else { String::new() }, ..said.clone() };
        let mut track = state.tracks.get(&service).cloned().unwrap_or_default();
        match track.say(word, said.clone()) {
            Ok(()) => {
                let token = uuid::Uuid::new_v4().to_string();
                ports.runs.say(word, &said, &token).await?;
                kept.push(service);
            }
            Err(refusal) => refused.push((service, refusal)),
        }
    }
    for (service, release) in &state.ecs_releases {
        if let Err(refusal) = EcsRelease::hears(word) {
            refused.push((service.clone(), refusal));
            continue;
        }
        let said = Said { plan: release.plan.clone(), ..said.clone() };
        ports.runs.say(word, &said, &uuid::Uuid::new_v4().to_string()).await?;
        kept.push(service.clone());
    }
    Ok(match (kept.is_empty(), refused.is_empty()) {
        (true, true) => Heard::NothingOpen,
        (true, false) => Heard::Refused(refused),
        (false, _) => Heard::Kept(kept),
    })
}
