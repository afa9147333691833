//! The two sides of a service, as its rollout lays them out. A side that is
//! released to follows the file; the other one stays as it was recorded, so
//! that a release changes green and never blue.

use super::{
    Context, Wanted, desired, native, scaling,
    service::{OLD_TARGET_GROUP, old_target_group, production_rule, target_group, test_rule},
    task,
};
use crate::{
    Address,
    environment::block::{self, SchemaChange},
    resource::{Count, Desired, HealthCheck, Link, Resource, Service, Start, Suspended, TargetGroup, names},
    rollout::{Layout, Old, Phase, Slot, Tasks, Track, Weights, layout},
};

/// How a service's sides are laid out.
pub(super) struct Sides {
    /// Each side that stands.
    pub(super) laid: Vec<Laid>,
    /// Which of them serve people, with their weights; empty: as it stands.
    pub(super) weights: Weights,
    /// Which of them is tested.
    pub(super) test: Option<Slot>,
    /// The old service, where the load balancer leads to it, and the slot for
    /// which it stands.
    old: Option<(Slot, Old)>,
    /// Whether a rollout ever moved it.
    is_tracked: bool,
}

/// A side that stands.
#[derive(Clone, Copy)]
pub(super) struct Laid {
    pub(super) slot: Slot,
    pub(super) tasks: Tasks,
    /// Whether it stays as it was recorded.
    pub(super) is_frozen: bool,
    /// Whether it has tasks again, or for the first time, that nobody scales yet.
    pub(super) gets_scaled: bool,
}

impl Sides {
    /// As the service's track says; one side, where it has none.
    pub(super) fn of(context: &Context<'_>, name: &str) -> Self {
        let Some(track) = context.track(name) else {
            let laid = vec![Laid { slot: Slot::A, tasks: Tasks::Free, is_frozen: false, gets_scaled: false }];
            return Self { laid, weights: vec![(Slot::A, 1)], test: None, old: None, is_tracked: false };
        };
        let Layout { tasks, weights, test } = layout(track);
        let laid = [Slot::A, Slot::B].into_iter().filter_map(|slot| {
            let tasks = (*tasks.get(slot))?;
            let gets_scaled =
                track.open.as_ref().is_some_and(|open| open.to == slot || open.brings_back_blue());
            Some(Laid { slot, tasks, is_frozen: is_frozen(track, slot), gets_scaled })
        });
        let joined = track.open.as_ref().filter(|open| open.is_joined() && open.phase != Phase::Cleanup);
        let old = joined.and_then(|open| Some((open.blue(), open.snapshot.old.clone()?)));
        let weights = weights.unwrap_or_default();
        Self { laid: laid.collect(), weights, test, old, is_tracked: true }
    }

    /// The target group that stands for a slot.
    pub(super) fn group_of(&self, service: &str, slot: Slot) -> Address {
        match &self.old {
            Some((at, _)) if *at == slot => old_target_group(service),
            Some(_) | None => target_group(service, slot),
        }
    }

    /// The target group of the old service's tasks, where the load balancer
    /// leads to them: the agent keeps its targets current.
    pub(super) fn old_targets(
        &self,
        context: &Context<'_>,
        service: &str,
        block: &block::Service,
        expose: &block::Expose,
        wanted: &mut Wanted,
    ) {
        if let Some((_, old)) = &self.old {
            let name = format!("{service}--old");
            let address = old_target_group(service);
            let group = group(context, &address, &name, old.port, block, expose);
            wanted.objects.push(desired(address, group));
        }
    }

    /// A side as the file describes it.
    #[allow(clippy::too_many_arguments, reason = "what a side is made of")]
    pub(super) fn fresh(
        &self,
        context: &Context<'_>,
        service: &str,
        block: &block::Service,
        slot: Slot,
        tasks: Tasks,
        logs: &task::Logs,
        wanted: &mut Wanted,
    ) {
        let name = slot.block_name(service);
        let address = Address::block("service", &name);
        let task_definition = task::definition(context, &block.task(&name), logs, wanted);
        let target_group =
            block.expose.as_ref().map(|expose| targets(context, service, slot, block, expose, wanted));
        let native = native::of(context, service, block, slot, wanted);
        let watched = if native.is_some() { native::watched(context) } else { Vec::new() };
        let block::Deployment { minimum_healthy_percent, maximum_percent, circuit_breaker } =
            block.deployment;
        let start = start(context, &address, block, tasks);
        // Until its first task was healthy, nobody scales it.
        let is_scaled = block.scaling.is_some() && start != Start::StillAlone;
        let mut object = desired(
            address.clone(),
            Service {
                name: name.clone(),
                cluster: block.cluster.clone(),
                task_definition: Link::to(&task_definition),
                count: count(tasks, block.count, is_scaled),
                subnets: context.subnets(&block.subnets),
                security_groups: vec![Link::to(&Address::block("service", service).part("security_group"))],
                target_group: target_group.as_ref().map(Link::to),
                container: task::family(context, &block.task(&name)),
                port: block.port,
                health_grace: target_group.is_some().then(|| block.health.grace.seconds()),
                circuit_breaker,
                minimum_healthy_percent,
                maximum_percent,
                platform_version: block.platform_version.clone(),
                execute_command: block.execute_command,
                start,
                native,
                tags: context.tags(&address),
            },
        );
        // ECS refuses a target group that no load balancer uses yet.
        object.after = target_group.iter().map(|_| self.rule_to(service, slot)).collect();
        object.after.extend(watched);
        wanted.objects.push(object);
        let scales = !matches!(tasks, Tasks::Zero | Tasks::One);
        if let Some(scaling) = block.scaling.as_ref().filter(|_| scales) {
            let suspended = self.suspended(scaling::suspended(scaling), tasks);
            scaling::expand(context, &name, block, scaling, suspended, wanted);
        }
    }

    /// A side as it was recorded, with so many tasks.
    pub(super) fn frozen(
        &self,
        context: &Context<'_>,
        service: &str,
        block: &block::Service,
        Laid { slot, tasks, gets_scaled, .. }: Laid,
        wanted: &mut Wanted,
    ) {
        let side = Address::block("service", &slot.block_name(service));
        let both: Vec<Address> =
            ["security_group", "log_group", "listener_rule", "test_rule", OLD_TARGET_GROUP]
                .map(|part| Address::block("service", service).part(part))
                .into();
        let recorded = context.recorded().filter(|(address, _)| {
            address.is_within(&side)
                && !both.contains(address)
                && crate::state::unretired(address) == **address
        });
        let recorded: Vec<_> = recorded.collect();
        let was_scaled = recorded.iter().any(|(_, it)| matches!(it.resource, Resource::ScalableTarget(_)));
        // What was at zero or has had one task has no autoscaler.
        let scaling = block.scaling.as_ref();
        let scaling = scaling.filter(|_| {
            gets_scaled
                && !was_scaled
                && !recorded.is_empty()
                && matches!(tasks, Tasks::Held(_) | Tasks::Free)
        });
        let is_scaled = was_scaled || scaling.is_some();
        for (address, recorded) in recorded {
            let mut resource = recorded.resource.clone();
            match &mut resource {
                Resource::Service(it) => it.count = count(tasks, it.count.tasks(), is_scaled),
                Resource::ScalableTarget(it) => {
                    // What a rollout held is recorded as well: people's word is the file's.
                    let written = block.scaling.as_ref().map(scaling::suspended).unwrap_or_default();
                    let written = Suspended { scale_in: written.scale_in, ..it.suspended };
                    it.suspended = self.suspended(written, tasks);
                }
                _ => {}
            }
            let scales = matches!(
                resource,
                Resource::ScalableTarget(_) | Resource::ScalingPolicy(_) | Resource::ScheduledAction(_)
            );
            if !(scales && matches!(tasks, Tasks::Zero | Tasks::One)) {
                let after = recorded.dependencies.clone();
                wanted.objects.push(Desired { address: address.clone(), resource, after });
            }
        }
        if let Some(scaling) = scaling {
            let suspended = self.suspended(scaling::suspended(scaling), tasks);
            scaling::expand(context, &slot.block_name(service), block, scaling, suspended, wanted);
        }
    }

    /// The rule that leads to a side.
    fn rule_to(&self, service: &str, slot: Slot) -> Address {
        match self.test {
            Some(tested) if tested == slot => test_rule(service),
            _ => production_rule(service),
        }
    }

    /// Nothing takes tasks away from a side that a rollout needs; afterwards it
    /// may again, unless the file says otherwise.
    fn suspended(&self, written: Suspended, tasks: Tasks) -> Suspended {
        let scale_in = match tasks {
            Tasks::Held(_) => Some(true),
            Tasks::Free | Tasks::Zero | Tasks::One if self.is_tracked => written.scale_in.or(Some(false)),
            Tasks::Free | Tasks::Zero | Tasks::One => written.scale_in,
        };
        Suspended { scale_in, ..written }
    }
}

/// While a release is under way, blue stays as it is, and green once it stands:
/// a file that changes meanwhile is the next release. Afterwards the idle side
/// stays.
fn is_frozen(track: &Track, slot: Slot) -> bool {
    match &track.open {
        Some(open) if open.to == slot => !open.is_being_made(),
        Some(_) => true,
        None => slot != track.live,
    }
}

/// The first task of a service whose releases change the database starts alone:
/// it migrates what is empty. What a rollout lays out says so itself.
fn start(context: &Context<'_>, side: &Address, block: &block::Service, tasks: Tasks) -> Start {
    let rollout = context.environment.file.rollout.as_ref();
    let migrates = rollout.is_some_and(|rollout| rollout.schema_change != SchemaChange::None);
    if !migrates || tasks != Tasks::Free || block.count < 2 {
        return Start::Together;
    }
    let recorded = context.state.and_then(|state| state.objects.get(side)).map(|it| &it.resource);
    match recorded {
        Some(Resource::Service(service)) if service.start == Start::StillAlone => Start::StillAlone,
        _ => Start::FirstAlone,
    }
}

fn count(tasks: Tasks, written: u32, is_scaled: bool) -> Count {
    match tasks {
        Tasks::Zero => Count::Fixed(0),
        Tasks::One => Count::Fixed(1),
        Tasks::Held(least) => Count::AtLeast(least),
        Tasks::Free if is_scaled => Count::Initially(written),
        Tasks::Free => Count::Fixed(written),
    }
}

fn targets(
    context: &Context<'_>,
    service: &str,
    slot: Slot,
    block: &block::Service,
    expose: &block::Expose,
    wanted: &mut Wanted,
) -> Address {
    let address = target_group(service, slot);
    let group = group(context, &address, &slot.block_name(service), block.port, block, expose);
    let group = TargetGroup { ecs_moves: context.is_native(service), ..group };
    wanted.objects.push(desired(address.clone(), group));
    address
}

pub(super) fn group(
    context: &Context<'_>,
    address: &Address,
    name: &str,
    port: u16,
    block: &block::Service,
    expose: &block::Expose,
) -> TargetGroup {
    let health = &block.health;
    let (shown, vpc) = (port.to_string(), &context.network.vpc);
    TargetGroup {
        name: names::versioned(&[context.leaf(), name], &[&shown, "HTTP", vpc], 32),
        port,
        protocol: "HTTP".to_owned(),
        vpc: vpc.clone(),
        health: HealthCheck {
            path: health.path.clone(),
            interval: health.interval.seconds(),
            timeout: health.timeout.seconds(),
            healthy: health.healthy,
            unhealthy: health.unhealthy,
            codes: health.codes.clone(),
        },
        deregistration_delay: expose.drain.seconds(),
        stickiness: expose.stickiness.as_ref().map(|stickiness| stickiness.duration.seconds()),
        ecs_moves: false,
        tags: context.tags(address),
    }
}
