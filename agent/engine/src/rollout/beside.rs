//! What a rollout brings about beside the environment's own objects: what a
//! cut-over may write of the old service, the addresses behind the target group
//! that stands for it, and the task that migrates the database.
//!
//! Each of it is asked for first and moves towards what the phase wants, so that
//! it needs no journal: after a crash the record says the phase, and it is done again.

use pointsman_core::{
    Address,
    desired::old_target_group,
    environment::{EnvironmentName, block::ListenerProtocol},
    hash::text_hash,
    resource::{Count, Link, Resource, Service, Start, Tags},
    rollout::{Migration, Old, Phase, Rollout, outside},
    state::State,
};

use super::{Drive, facts::balancer};
use crate::{Failure, ports::OneOff};

impl Drive<'_> {
    /// Brings about what the phase wants beside the environment's own objects.
    pub(super) async fn bring_about_beside(&self, service: &str, rollout: &Rollout) -> Result<(), Failure> {
        let state = self.keeper.state().await;
        let writer = self.run.ports.cloud.writer(self.proof);
        if let Some(old) = &rollout.snapshot.old {
            let wanted = outside(rollout);
            if let Some(lets_in) = wanted.lets_in
                && let Some(group) = security_group(self, &state, service)
            {
                writer.let_in(old, &group, lets_in).await?;
            }
            if let Some(count) = wanted.count {
                writer.count_old(old, count).await?;
            }
        }
        if let Some(task) = migration_task(&self.run.environment.name, &state, service, rollout) {
            if rollout.phase == Phase::Migrate {
                writer.start(&task).await?;
            } else if rollout.phase.is_way_back() && rollout.migrated.is_none() {
                writer.stop(&task).await?;
            }
        }
        Ok(())
    }

    /// Brings the target group that stands for the old service to who should be
    /// behind it, where there is one.
    pub(super) async fn follow_old(&self, service: &str, rollout: &Rollout) -> Result<(), Failure> {
        let (Some(old), Some(behind)) = (&rollout.snapshot.old, outside(rollout).behind) else {
            return Ok(());
        };
        let state = self.keeper.state().await;
        if let Some(group) = state.objects.get(&old_target_group(service)) {
            self.run.ports.cloud.writer(self.proof).follow_old(old, &group.id, behind).await?;
        }
        Ok(())
    }

    /// Keeps where people will enter, once that is known.
    pub(super) async fn learn_entry(&self, service: &str, rollout: &Rollout) -> Result<Rollout, Failure> {
        let known = rollout.snapshot.old.as_ref().is_none_or(|old| old.to.is_some());
        let state = self.keeper.state().await;
        let name = balancer(self.run, &state, service).and_then(|it| it.attributes.get("dns_name"));
        let (Some(name), false) = (name, known) else {
            return Ok(rollout.clone());
        };
        let listener = self.run.environment.file.listener_of(service);
        let tls = listener.is_some_and(|listener| listener.protocol == ListenerProtocol::Https);
        let (scheme, usual) = if tls { ("https", 443) } else { ("http", 80) };
        let port = listener.map(|listener| listener.port).filter(|port| *port != usual);
        let entry = format!("{scheme}://{name}{}", port.map(|port| format!(":{port}")).unwrap_or_default());
        self.change(service, |track| {
            let open = track.open.as_mut().and_then(|open| open.snapshot.old.as_mut());
            for old in [open, track.old.as_mut()].into_iter().flatten() {
                old.to = Some(entry.clone());
            }
        })
        .await?;
        let open = self.keeper.state().await.tracks.get(service).and_then(|track| track.open.clone());
        Ok(open.unwrap_or_else(|| rollout.clone()))
    }
}

/// The security group of the load balancer that leads to a service.
fn security_group(drive: &Drive<'_>, state: &State, service: &str) -> Option<String> {
    let expose = drive.run.environment.file.service.get(service)?.expose.as_ref()?;
    match expose.listener.segments().as_slice() {
        ["load_balancer", name, ..] => {
            let address = Address::block("load_balancer", name).part("security_group");
            Some(state.objects.get(&address)?.id.clone())
        }
        _ => None,
    }
}

/// The migration task of a rollout, where it has one and green is made.
pub(super) fn migration_task(
    environment: &EnvironmentName,
    state: &State,
    service: &str,
    rollout: &Rollout,
) -> Option<OneOff> {
    let task = rollout.settings.migration.as_ref()?;
    let side = Address::block("service", &rollout.to.block_name(service));
    let Resource::Service(green) = &state.objects.get(&side)?.resource else { return None };
    let definition = &state.objects.get(&side.part("task_definition"))?.resource;
    let Resource::TaskDefinition(definition) = definition else { return None };
    let mark = text_hash(&format!("{environment}/{service}"));
    Some(OneOff {
        service: green.clone(),
        command: task.command.clone(),
        log_group: definition.log_group.clone(),
        // ECS takes 36 characters.
        token: format!("migrate-{}-{}", &mark[..12], rollout.opened_at_ms),
    })
}

/// How far it is, in the phases in which that matters.
pub(super) async fn migration(
    run: &crate::Run,
    state: &State,
    service: &str,
    rollout: &Rollout,
) -> Result<Option<Migration>, Failure> {
    let matters = matches!(rollout.phase, Phase::Migrate | Phase::StopGreen) && rollout.migrated.is_none();
    match migration_task(&run.environment.name, state, service, rollout).filter(|_| matters) {
        Some(task) => Ok(run.ports.cloud.one_off(&task).await?),
        None => Ok(None),
    }
}

/// The old service in the place of blue: as it was recorded, behind the target
/// group that stands for it, where there is one.
pub(super) fn standing_old(state: &State, service: &str, rollout: &Rollout, old: &Old) -> Service {
    let group = state.objects.get(&old_target_group(service)).filter(|_| rollout.is_joined());
    Service {
        name: old.service.clone(),
        cluster: old.cluster.clone(),
        task_definition: Link::Known(old.task_definition.clone()),
        count: Count::Fixed(old.count),
        subnets: Vec::new(),
        security_groups: Vec::new(),
        target_group: group.map(|group| Link::Known(group.id.clone())),
        container: String::new(),
        port: old.port,
        health_grace: None,
        circuit_breaker: false,
        minimum_healthy_percent: 100,
        maximum_percent: 200,
        platform_version: String::new(),
        execute_command: false,
        start: Start::Together,
        native: None,
        tags: Tags::default(),
    }
}
