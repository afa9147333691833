use super::{Context, Wanted, desired};
use crate::{
    Address,
    environment::block,
    resource::{Link, ScalableTarget, Scaling, ScalingPolicy, ScheduledAction, Suspended, names},
};

/// The address of a service's scalable target.
pub(super) fn target(service: &str) -> Address {
    Address::block("service", service).part("scaling")
}

/// What the file suspends.
pub(super) fn suspended(scaling: &block::Scaling) -> Suspended {
    scaling.suspended.map_or(Suspended::default(), |suspended| {
        let block::ScalingSuspended { scale_in, scale_out, scheduled } = suspended;
        Suspended { scale_in, scale_out, scheduled }
    })
}

/// The bounds of a service's number of tasks, and what moves it between them.
pub(super) fn expand(
    context: &Context<'_>,
    name: &str,
    service: &block::Service,
    scaling: &block::Scaling,
    suspended: Suspended,
    wanted: &mut Wanted,
) {
    let address = target(name);
    let block::Scaling {
        min,
        max,
        cpu_target,
        memory_target,
        scale_in_cooldown,
        scale_out_cooldown,
        suspended: _,
        schedule,
    } = scaling;
    let mut object = desired(
        address.clone(),
        ScalableTarget {
            cluster: service.cluster.clone(),
            service: name.to_owned(),
            min: *min,
            max: *max,
            scheduled: schedule.iter().map(|schedule| (schedule.min, schedule.max)).collect(),
            suspended,
            tags: context.tags(&address),
        },
    );
    object.after = vec![Address::block("service", name)];
    wanted.objects.push(object);

    let targets = [
        ("cpu", "ECSServiceAverageCPUUtilization", cpu_target),
        ("memory", "ECSServiceAverageMemoryUtilization", memory_target),
    ];
    for (part, metric, value) in targets {
        let Some(value) = value else {
            continue;
        };
        wanted.objects.push(desired(
            address.part(part),
            ScalingPolicy {
                name: names::limited(&[context.leaf(), name, part], 256),
                target: Link::to(&address),
                scaling: Scaling::Target {
                    metric: metric.to_owned(),
                    value: f64::from(*value),
                    scale_in_cooldown: scale_in_cooldown.seconds(),
                    scale_out_cooldown: scale_out_cooldown.seconds(),
                    scale_in: true,
                },
            },
        ));
    }

    for schedule in schedule {
        let block::ScalingSchedule { name: schedule_name, cron, timezone, min, max } = schedule;
        wanted.objects.push(desired(
            address.part("schedule").part(schedule_name),
            ScheduledAction {
                name: names::limited(&[context.leaf(), name, schedule_name], 256),
                target: Link::to(&address),
                // Check refuses what AWS cannot say.
                schedule: format!("cron({})", cron.for_aws().unwrap_or_else(|| cron.to_string())),
                timezone: timezone.clone().filter(|zone| zone != "UTC"),
                min: Some(*min),
                max: Some(*max),
                limits: None,
            },
        ));
    }
}
