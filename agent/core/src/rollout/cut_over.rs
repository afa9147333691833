use std::collections::BTreeMap;

use super::{Begins, Old, Purpose, Settings, Snapshot, Track, Way, begins::ecs_moves};
use crate::{
    Address,
    desired::Neighbour,
    environment::{
        Environment,
        block::{self, External, SwitchMode},
    },
    resource::Observed,
    state::State,
};

/// The cut-over that an environment describes: from which old service to which
/// of its own.
#[derive(Clone, Copy, Debug)]
pub struct CutOver<'a> {
    /// The name of the service that people are led to.
    pub service: &'a str,
    /// The name of the old service's `[external.NAME]`.
    pub external: &'a str,
    block: &'a block::Service,
    expose: &'a block::Expose,
    rollout: &'a block::Rollout,
    switch: &'a block::Switch,
    cluster: &'a str,
    old: &'a str,
}

impl<'a> CutOver<'a> {
    /// Of an environment; none where it describes none.
    pub fn of(environment: &'a Environment) -> Option<Self> {
        let file = &environment.file;
        let rollout = file.rollout.as_ref()?;
        let switch = rollout.switch.as_ref()?;
        let (external, found) = file.external_at(switch.old.as_deref()?)?;
        let External::EcsService { cluster, service: old } = found else { return None };
        let (service, block, expose) = file.taking(&switch.host).next()?;
        Some(Self { service, external, block, expose, rollout, switch, cluster, old })
    }

    /// The old service: its cluster and its name.
    pub fn old_service(&self) -> String {
        format!("{}/{}", self.cluster, self.old)
    }

    /// The same, as a record, with what lives of the old service.
    fn old(&self, environment: &Environment, living: &Neighbour) -> Option<Old> {
        let attribute = |name: &str| living.attributes.get(name).map(String::as_str).unwrap_or_default();
        let from = self.switch.from.as_deref().and_then(|from| environment.file.external_at(from));
        let port = self.switch.old_port.unwrap_or(self.block.port);
        let mut groups: Vec<String> =
            attribute("security_groups").split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect();
        groups.sort();
        Some(Old {
            external: self.external.to_owned(),
            cluster: self.cluster.to_owned(),
            service: self.old.to_owned(),
            id: living.id.clone(),
            count: attribute("desired_count").parse().ok()?,
            task_definition: attribute("task_definition").to_owned(),
            security_groups: groups,
            port,
            way: match self.switch.mode {
                SwitchMode::Manual => Way::Manual,
                SwitchMode::Weights => Way::Weights,
                SwitchMode::Graph => Way::Graph,
            },
            host: self.switch.host.clone(),
            from: match from {
                Some((_, External::CloudMap { namespace, service })) => {
                    Some(format!("http://{service}.{namespace}:{port}"))
                }
                _ => None,
            },
            to: None,
            application: self.switch.application.clone(),
            internal_url: None,
            serves: true,
        })
    }
}

/// The cut-over that is still to be made: described, not done, and not under way.
pub fn due<'a>(environment: &'a Environment, state: Option<&State>) -> Option<CutOver<'a>> {
    let cut_over = CutOver::of(environment)?;
    let track = state.and_then(|state| state.tracks.get(cut_over.service));
    let is_due =
        track.is_none_or(|track| track.open.is_none() && track.old.as_ref().is_none_or(|old| old.serves));
    is_due.then_some(cut_over)
}

/// The rollout that makes it, with what lives of the old service; none where
/// that has no tasks: then nobody uses it.
pub fn cuts_over(
    cut_over: &CutOver<'_>,
    environment: &Environment,
    state: Option<&State>,
    living: &Neighbour,
) -> Option<Begins> {
    let old = cut_over.old(environment, living).filter(|old| old.count > 0)?;
    let track = state.and_then(|state| state.tracks.get(cut_over.service)).cloned().unwrap_or_default();
    Some(Begins {
        service: cut_over.service.to_owned(),
        purpose: Purpose::CutOver,
        to: track.live,
        settings: Settings::cut_over(cut_over.rollout, cut_over.expose.drain, cut_over.block.count),
        snapshot: of_old(&track, old),
    })
}

/// The rollouts that lead back to the old service: where no release waits at
/// zero tasks, it is what stood before. None where ECS moves the traffic.
pub fn goes_to_old(
    environment: &Environment,
    state: Option<&State>,
    observed: &BTreeMap<Address, Observed>,
) -> Vec<Begins> {
    let (Some(state), Some(rollout)) = (state, &environment.file.rollout) else {
        return Vec::new();
    };
    let done = state.tracks.iter().filter(|(_, track)| track.open.is_none() && track.idle.is_none());
    done.filter_map(|(name, track)| {
        if ecs_moves(environment, name, track.live, observed) {
            return None;
        }
        let old = track.old.clone().filter(|old| !old.serves)?;
        let expose = environment.file.service.get(name)?.expose.as_ref()?;
        Some(Begins {
            service: name.clone(),
            purpose: Purpose::ToOld,
            to: track.live,
            settings: Settings::back(rollout, expose.drain),
            snapshot: of_old(track, old),
        })
    })
    .collect()
}

fn of_old(track: &Track, old: Old) -> Snapshot {
    Snapshot {
        live: track.live.other(),
        commit: None,
        tasks: old.count,
        task_definition: old.task_definition.clone(),
        scaling: None,
        before: None,
        old: Some(old),
    }
}
