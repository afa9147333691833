//! Sentences about room.

use super::Words;
use crate::preflight::{Problem, Quota};

/// The words; none for what others have words for.
pub(super) fn words(problem: &Problem) -> Option<Words> {
    let words = match problem {
        Problem::FewAddresses { selection, free, needed } => Words::new(
            format!("the {selection} subnets have {free} free addresses, and tasks need {needed}"),
            "every task has an address of its own, and both fleets run during a roll-out",
            "add subnets to the selection, or lower `count` and the scaling's `max`",
        ),
        Problem::FullSubnet { subnet, free, needed } => Words::new(
            format!("the subnet {subnet} has {free} free addresses"),
            format!("a load balancer wants {needed} in each of its subnets"),
            "free addresses there, or select other subnets",
        ),
        Problem::OneZone { selection, zone } => Words::new(
            format!("all {selection} subnets lie in {zone}"),
            "a load balancer needs two zones, and tasks in one zone end with it",
            "select subnets of at least two zones in `[network]`",
        ),
        Problem::Quota { quota, most, used, needed } => {
            let (what, scope) = match quota {
                Quota::LoadBalancers => ("application load balancers", "in this region"),
                Quota::TargetGroups => ("target groups", "in this region"),
                Quota::Rules => ("rules", "on one load balancer"),
                Quota::Services => ("services", "in one cluster"),
                Quota::FargateCpus => ("Fargate vCPUs", "in this region"),
            };
            let stand = used.map(|used| format!(", {used} stand")).unwrap_or_default();
            let why = match quota {
                Quota::FargateCpus => format!("two fleets need {needed} at the same time"),
                _ => format!("the plan makes {needed} more{stand}"),
            };
            Words::new(
                format!("the account may have {most} {what} {scope}"),
                why,
                "ask for more in the Service Quotas console, or make less",
            )
        }
        _ => return None,
    };
    Some(words)
}
