//! The rule whose weights are ECS's: written all the same, it leads people to
//! where their tasks are.

use aws_sdk_elasticloadbalancingv2::types::{TargetHealthDescription, TargetHealthStateEnum};
use pointsman_core::resource::{Link, ListenerRule, Observed};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{listener_rule::described, target_group::health};
use crate::{aws::Aws, error::failure};

/// As it is to be made: to the group that has tasks.
pub(super) async fn made(aws: &Aws, spec: &ListenerRule) -> Result<ListenerRule, CloudError> {
    if !spec.ecs_moves {
        return Ok(spec.clone());
    }
    let mut with_tasks = Vec::new();
    for group in spec.forward.iter().filter_map(|forward| forward.target_group.known()) {
        if has_tasks(aws, group).await? {
            with_tasks.push(Link::Known(group.to_owned()));
        }
    }
    spec.leading_to(&with_tasks).ok_or_else(|| moves(spec))
}

/// As it is to be written over what lives: with the weights of this moment.
pub(super) async fn written(aws: &Aws, spec: &ListenerRule, arn: &str) -> Result<ListenerRule, CloudError> {
    if !spec.ecs_moves {
        return Ok(spec.clone());
    }
    let lives: Option<Observed> = described(aws, vec![arn.to_owned()]).await?.into_iter().next();
    let Some(lives) = lives else { return made(aws, spec).await };
    match spec.led_by(&lives.resource) {
        0 => made(aws, spec).await,
        1 => Ok(spec.with_weights_of(&lives.resource)),
        _ => Err(moves(spec)),
    }
}

/// Whether it has targets that stay.
async fn has_tasks(aws: &Aws, group: &str) -> Result<bool, CloudError> {
    let targets = health(aws, group).await?.unwrap_or_default();
    let stays = |target: &TargetHealthDescription| {
        let state = target.target_health().and_then(|health| health.state());
        state != Some(&TargetHealthStateEnum::Draining)
    };
    Ok(targets.iter().any(stays))
}

fn moves(spec: &ListenerRule) -> CloudError {
    let help = "wait until ECS has ended its release, or end it with `pointsman abort`, and run it again";
    failure(
        CloudErrorKind::Refused,
        "elasticloadbalancing:ModifyRule",
        &format!("the rule with priority {}", spec.priority),
        "both of its target groups serve people: ECS is moving them from one to the other",
        Some(help.to_owned()),
    )
}
