use super::{
    Context, Wanted, desired,
    metric::{self, Measured, Watched},
    scaling,
};
use crate::{
    Address,
    environment::block,
    resource::{self, Alarm, Link, Metric, Scaling, ScalingPolicy},
};

/// The names of the alarms that a block's alarm is made of.
pub(super) fn names(context: &Context<'_>, name: &str, block: &block::Alarm) -> Vec<String> {
    let each = watched(context, block).map(|watched| watched.each).unwrap_or_default();
    each.iter().map(|measured| alarm_name(context, name, measured)).collect()
}

/// The addresses of the objects that a block's alarm is made of.
pub(super) fn addresses(context: &Context<'_>, name: &str, block: &block::Alarm) -> Vec<Address> {
    let each = watched(context, block).map(|watched| watched.each).unwrap_or_default();
    each.iter().map(|measured| address(name, measured)).collect()
}

pub(super) fn expand(
    context: &Context<'_>,
    name: &str,
    block: &block::Alarm,
    notify: &[crate::scalar::Arn],
    wanted: &mut Wanted,
) {
    let Some(watched) = watched(context, block) else {
        return;
    };
    let mut actions: Vec<Link> = notify.iter().map(|topic| Link::Known(topic.to_string())).collect();
    // A side at zero tasks has no scalable target: nothing is to be scaled, and AWS takes the policy with it.
    let target = |service: &str| scaling::target(&context.live(service));
    let stands = |service: &str| wanted.objects.iter().any(|it| it.address == target(service));
    if let (Some(tasks), Some(("service", service))) = (block.scale_out, block.on.split_once('.'))
        && stands(service)
    {
        let policy = Address::block("alarms", name).part("scale_out");
        actions.push(Link::to(&policy));
        wanted.objects.push(desired(
            policy,
            ScalingPolicy {
                name: resource::names::limited(&[context.leaf(), name, "scale-out"], 256),
                target: Link::to(&target(service)),
                scaling: Scaling::Step {
                    tasks: i32::try_from(tasks).ok(),
                    cooldown: block.scale_out_cooldown.seconds(),
                },
            },
        ));
    }
    let (metric, comparison, threshold) = rings(block, &watched);
    let missing = block.missing.unwrap_or(if watched.is_silent {
        block::MissingData::NotBreaching
    } else {
        block::MissingData::Missing
    });
    for measured in watched.each {
        let address = address(name, &measured);
        let alarm_name = alarm_name(context, name, &measured);
        let Measured { part: _, namespace, dimensions } = measured;
        wanted.objects.push(desired(
            address.clone(),
            Alarm {
                name: alarm_name,
                description: context.description(&address),
                metric: Metric {
                    namespace: namespace.to_owned(),
                    name: metric.to_owned(),
                    statistic: block
                        .statistic
                        .clone()
                        .unwrap_or_else(|| if counts(metric) { "Sum" } else { "Average" }.to_owned()),
                    dimensions,
                },
                comparison: comparison.to_owned(),
                threshold,
                period: block.period.seconds(),
                evaluations: block.evaluations,
                datapoints: block.datapoints.unwrap_or(block.evaluations),
                missing: missing.as_str().to_owned(),
                actions: actions.clone(),
                other_actions: Vec::new(),
                enabled: true,
                tags: context.tags(&address),
            },
        ));
    }
}

fn alarm_name(context: &Context<'_>, name: &str, measured: &Measured) -> String {
    let parts: Vec<&str> = [context.leaf(), name].into_iter().chain(measured.part.as_deref()).collect();
    resource::names::limited(&parts, 255)
}

fn address(name: &str, measured: &Measured) -> Address {
    let address = Address::block("alarms", name);
    measured.part.as_ref().map_or_else(|| address.clone(), |part| address.part(part))
}

/// What is measured of what an alarm is on. A service's traffic is its own part
/// of its load balancer's.
fn watched(context: &Context<'_>, block: &block::Alarm) -> Option<Watched> {
    let mut watched = metric::watched(context, &block.on)?;
    let file = &context.environment.file;
    let of_traffic = block.response_time_above.is_some()
        || block.metric.as_deref().is_some_and(metric::is_of_target_groups);
    if of_traffic
        && let Some(("service", name)) = block.on.split_once('.')
        && let Some(expose) = file.service.get(name).and_then(|service| service.expose.as_ref())
        && let ["load_balancer", balancer, ..] = expose.listener.segments().as_slice()
    {
        let live = context.live(name);
        watched.each = vec![metric::target_group(balancer, &live)];
        if context.is_native(name) {
            // Every second release stands in the other group.
            watched.each.push(metric::alternate_target_group(balancer, &live));
        }
        watched.is_silent = true;
    }
    Some(watched)
}

/// Metric, comparison and threshold. Check sees that exactly one is written.
#[allow(clippy::cast_precision_loss, reason = "seconds that people write")]
fn rings<'a>(block: &'a block::Alarm, watched: &Watched) -> (&'a str, &'static str, f64) {
    const ABOVE: &str = "GreaterThanThreshold";
    if let Some(percent) = block.cpu_above {
        (watched.cpu, ABOVE, percent)
    } else if let Some(percent) = block.memory_above {
        (watched.memory, ABOVE, percent)
    } else if let Some(time) = block.response_time_above {
        (metric::RESPONSE_TIME, ABOVE, time.seconds() as f64)
    } else {
        let metric = block.metric.as_deref().unwrap_or_default();
        match block.below {
            Some(below) => (metric, "LessThanThreshold", below),
            None => (metric, ABOVE, block.above.unwrap_or_default()),
        }
    }
}

/// Whether a metric counts what happens: then a period's sum is meant.
fn counts(metric: &str) -> bool {
    metric.ends_with("Count") && !metric.ends_with("HostCount") || metric == "Evictions"
}
