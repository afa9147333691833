use super::{Consequence, Span, Work, impact::Neighbourhood};
use crate::{
    plan::FieldChange,
    resource::{Resource, Service},
};

/// What a kind's objects take to be made, changed and deleted, and what people
/// notice when one is replaced by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Takes {
    pub(super) made: Span,
    pub(super) changed: Span,
    pub(super) gone: Span,
    pub(super) replaced: Consequence,
}

impl Takes {
    fn new(made: Work, changed: Work, gone: Work, replaced: Consequence) -> Self {
        Self { made: made.span(), changed: changed.span(), gone: gone.span(), replaced }
    }
}

/// A row per kind. Fields that take longer than others of their kind say so
/// where they are declared.
pub(super) fn takes(resource: &Resource, around: &Neighbourhood<'_>) -> Takes {
    use Work::{CacheGone, CacheMade, CacheSet, Call, LoadBalancerMade, NetworkReleased};
    match resource {
        Resource::SecurityGroup(_) => Takes::new(Call, Call, NetworkReleased, Consequence::None),
        Resource::LogGroup(_)
        | Resource::TaskDefinition(_)
        | Resource::CacheSubnetGroup(_)
        | Resource::CacheParameterGroup(_)
        | Resource::Secret(_)
        | Resource::ScalableTarget(_)
        | Resource::ScalingPolicy(_)
        | Resource::ScheduledAction(_)
        | Resource::Schedule(_)
        | Resource::Alarm(_)
        | Resource::Dashboard(_) => Takes::new(Call, Call, Call, Consequence::None),
        Resource::Queue(_) | Resource::Bucket(_) => Takes::new(Call, Call, Call, Consequence::DataLost),
        // They are replaced with what they belong to, and that says what is noticed.
        Resource::Listener(_) | Resource::ListenerRule(_) => Takes::new(Call, Call, Call, Consequence::None),
        Resource::TargetGroup(_) => Takes::new(Call, Call, Call, Consequence::TargetsMove),
        Resource::LoadBalancer(_) => Takes::new(LoadBalancerMade, Call, Call, Consequence::AddressMoves),
        Resource::ReplicationGroup(_) => Takes::new(CacheMade, CacheSet, CacheGone, Consequence::DataLost),
        Resource::Service(service) => Takes {
            // The others start once the first one is well.
            made: around.tasks_become_well(service).times(if service.alone(true).is_some() { 2 } else { 1 }),
            changed: Call.span(),
            gone: around.tasks_leave(service),
            replaced: Consequence::ConnectionsDrain,
        },
    }
}

/// How long a service's tasks take to be exchanged for others, wave by wave.
pub(super) fn rolled_out(service: &Service, around: &Neighbourhood<'_>) -> Span {
    if let Some(native) = &service.native {
        // All of them at once, beside the others.
        let watched = Span::exactly(u64::from(native.minutes()) * 60);
        return around.tasks_become_well(service) + watched + around.tasks_leave(service);
    }
    (around.tasks_become_well(service) + around.tasks_leave(service)).times(waves(service))
}

/// How long it takes until a service has another number of tasks.
pub(super) fn counted(service: &Service, change: &FieldChange, around: &Neighbourhood<'_>) -> Span {
    match (change.before.as_u64(), change.after.as_u64()) {
        (Some(before), Some(after)) if after < before => around.tasks_leave(service),
        _ => around.tasks_become_well(service),
    }
}

/// How often tasks are exchanged until all are: as many at once as the bounds
/// of the deployment let start before, and stop after, the others.
pub(super) fn waves(service: &Service) -> u64 {
    let tasks = u64::from(service.count.tasks());
    let of_them = |percent: u32| tasks * u64::from(percent);
    let more = (of_them(service.maximum_percent) / 100).saturating_sub(tasks);
    let fewer = tasks.saturating_sub(of_them(service.minimum_healthy_percent).div_ceil(100));
    tasks.div_ceil((more + fewer).max(1)).max(1)
}
