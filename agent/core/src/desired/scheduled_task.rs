use super::{Context, Wanted, desired, task};
use crate::{
    Address,
    environment::block,
    resource::{Link, Schedule, SecurityGroup, names},
    scalar::Duration,
};

/// EventBridge Scheduler's longest name.
const LONGEST_NAME: usize = 64;

pub(super) fn expand(context: &Context<'_>, name: &str, block: &block::ScheduledTask, wanted: &mut Wanted) {
    let address = Address::block("scheduled_task", name);
    let group = address.part("security_group");
    let logs = task::logs(context, &block.task(name), wanted);
    let task_definition = task::definition(context, &block.task(name), &logs, wanted);
    wanted.objects.push(desired(
        group.clone(),
        SecurityGroup {
            name: names::limited(&[context.leaf(), name, "scheduled-task"], 255),
            description: context.description(&address),
            vpc: context.network.vpc.clone(),
            ingress: Vec::new(),
            tags: context.tags(&group),
        },
    ));
    wanted.objects.push(desired(
        address.clone(),
        Schedule {
            name: names::limited(&[context.leaf(), name], LONGEST_NAME),
            description: context.description(&address),
            expression: expression(block),
            timezone: block.timezone.clone(),
            enabled: block.enabled,
            cluster: block.cluster.clone(),
            task_definition: Link::to(&task_definition),
            count: block.count,
            subnets: context.subnets(&block.subnets),
            security_groups: vec![Link::to(&group)],
            role: block.schedule_role.to_string(),
            flexible_minutes: None,
        },
    ));
}

fn expression(block: &block::ScheduledTask) -> String {
    match (&block.cron, block.rate) {
        (Some(cron), _) => format!("cron({})", cron.for_aws().unwrap_or_else(|| cron.to_string())),
        (None, Some(rate)) => rate_expression(rate),
        (None, None) => String::new(),
    }
}

/// In the largest unit that says it exactly; one of a unit is singular.
fn rate_expression(rate: Duration) -> String {
    let minutes = rate.seconds() / 60;
    let (number, unit) = match minutes {
        0 => (1, "minute"),
        minutes if minutes.is_multiple_of(1_440) => (minutes / 1_440, "day"),
        minutes if minutes.is_multiple_of(60) => (minutes / 60, "hour"),
        minutes => (minutes, "minute"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("rate({number} {unit}{plural})")
}

#[cfg(test)]
mod tests {
    use super::rate_expression;
    use crate::scalar::Duration;

    #[test]
    fn rates_are_said_as_aws_says_them() {
        for (seconds, said) in [
            (60, "rate(1 minute)"),
            (300, "rate(5 minutes)"),
            (3_600, "rate(1 hour)"),
            (5_400, "rate(90 minutes)"),
            (172_800, "rate(2 days)"),
        ] {
            assert_eq!(rate_expression(Duration::from_seconds(seconds)), said);
        }
    }
}
