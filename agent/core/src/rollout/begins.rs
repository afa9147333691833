use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bounds, Opening, Purpose, Refusal, Settings, Slot, Snapshot, Track};
use crate::{
    Address,
    environment::{
        Environment,
        block::{EnvironmentFile, Strategy},
    },
    plan::{Action, Plan},
    resource::{Kind, Observed, Resource},
    state::State,
};

/// A rollout that a plan begins: its changes make green, and what follows is
/// up to the rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Begins {
    /// Of which service.
    pub service: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The side that is released to.
    pub to: Slot,
    /// How it goes.
    pub settings: Settings,
    /// What stands now.
    pub snapshot: Snapshot,
}

/// The rollouts that must be begun instead of what a plan does to the live
/// sides of services: where people are served through two target groups, new
/// tasks never replace the old ones in place. What was never deployed to its end
/// serves nobody, and is mended where it stands.
pub fn begins(
    environment: &Environment,
    state: Option<&State>,
    plan: &Plan,
    observed: &BTreeMap<Address, Observed>,
) -> Vec<Begins> {
    let EnvironmentFile { rollout: Some(rollout), service, .. } = &environment.file else {
        return Vec::new();
    };
    let Some(state) = state.filter(|state| state.deployed_commit.is_some() || state.deployed_at.is_some())
    else {
        return Vec::new();
    };
    if rollout.strategy != Strategy::BlueGreen {
        return Vec::new();
    }
    let exposed = service.iter().filter_map(|(name, block)| Some((name, block.expose.as_ref()?)));
    exposed
        .filter_map(|(name, expose)| {
            let track = state.tracks.get(name).cloned().unwrap_or_default();
            // What nobody is led to is changed where it stands.
            let serves_nobody = track.old.as_ref().is_some_and(|old| old.serves);
            if track.open.is_some() || serves_nobody || !replaces_tasks(plan, name, track.live) {
                return None;
            }
            Some(Begins {
                service: name.clone(),
                purpose: Purpose::Release,
                to: track.live.other(),
                settings: Settings::of(rollout, expose.drain),
                snapshot: snapshot(state, name, track.live, observed)?,
            })
        })
        .collect()
}

/// The rollouts that lead back to the releases that wait at zero tasks. None
/// where ECS moves the traffic: the rule's weights are not ours to write.
pub fn goes_back(
    environment: &Environment,
    state: Option<&State>,
    observed: &BTreeMap<Address, Observed>,
) -> Vec<Begins> {
    let (Some(state), Some(rollout)) = (state, &environment.file.rollout) else {
        return Vec::new();
    };
    let idle = state.tracks.iter().filter(|(_, track)| track.open.is_none() && track.idle.is_some());
    idle.filter_map(|(name, track)| {
        if ecs_moves(environment, name, track.live, observed) {
            return None;
        }
        let expose = environment.file.service.get(name)?.expose.as_ref()?;
        Some(Begins {
            service: name.clone(),
            purpose: Purpose::Back,
            to: track.live.other(),
            settings: Settings::back(rollout, expose.drain),
            snapshot: snapshot(state, name, track.live, observed)?,
        })
    })
    .collect()
}

/// Whether ECS moves the traffic of a service, by the file or by what lives.
pub(super) fn ecs_moves(
    environment: &Environment,
    service: &str,
    live: Slot,
    observed: &BTreeMap<Address, Observed>,
) -> bool {
    let standing = observed.get(&Address::block("service", &live.block_name(service)));
    environment.file.is_native()
        || standing
            .is_some_and(|it| matches!(&it.resource, Resource::Service(service) if service.native.is_some()))
}

/// Whether a plan would replace the tasks of a side.
fn replaces_tasks(plan: &Plan, service: &str, slot: Slot) -> bool {
    let side = Address::block("service", &slot.block_name(service));
    plan.changes.iter().any(|change| {
        change.address.is_within(&side)
            && matches!(change.kind, Kind::Service | Kind::TaskDefinition | Kind::TargetGroup)
            && matches!(change.action, Action::Rollout | Action::Replace)
            && crate::state::unretired(&change.address) == change.address
    })
}

/// What stands on a side; nothing where no service does.
fn snapshot(
    state: &State,
    service: &str,
    live: Slot,
    observed: &BTreeMap<Address, Observed>,
) -> Option<Snapshot> {
    let side = Address::block("service", &live.block_name(service));
    let Resource::Service(standing) = &observed.get(&side)?.resource else {
        return None;
    };
    let scaling = match observed.get(&side.part("scaling")).map(|it| &it.resource) {
        Some(Resource::ScalableTarget(it)) => {
            Some(Bounds { min: it.min, max: it.max, suspended: it.suspended })
        }
        _ => None,
    };
    Some(Snapshot {
        live,
        commit: state.deployed_commit.clone(),
        tasks: standing.count.tasks(),
        task_definition: standing.task_definition.known().unwrap_or_default().to_owned(),
        scaling,
        before: None,
        old: None,
    })
}

impl Begins {
    /// Opens it on its service's track.
    ///
    /// # Errors
    ///
    /// When the track is not as it was when the plan was made.
    pub fn open(
        &self,
        tracks: &mut BTreeMap<String, Track>,
        commit: Option<&str>,
        plan: &str,
        now_ms: u64,
    ) -> Result<(), Refusal> {
        let Self { service, purpose, to: _, settings, snapshot } = self;
        let opening = Opening {
            commit: commit.unwrap_or_default().to_owned(),
            plan: plan.to_owned(),
            purpose: *purpose,
            settings: settings.clone(),
            snapshot: snapshot.clone(),
        };
        let mut track = tracks.get(service).cloned().unwrap_or_default();
        track.open(opening, now_ms)?;
        tracks.insert(service.clone(), track);
        Ok(())
    }
}
