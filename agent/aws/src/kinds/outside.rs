//! What a cut-over writes of an old service that is not ours, with the approval
//! of its plan: its number of tasks, and one rule that lets the load balancer
//! reach it. The target group of its tasks is ours, and is kept current here.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{IpPermission, UserIdGroupPair};
use aws_sdk_ecs::types::{DesiredStatus, Task};
use aws_sdk_elasticloadbalancingv2::types::{TargetDescription, TargetHealthStateEnum};
use pointsman_core::rollout::{Behind, LetsIn, Old, OldCount};
use pointsman_engine::ports::CloudError;

use super::{elb::unsigned, service::described};
use crate::{
    aws::Aws,
    error::{During, exists_already},
};

/// What the rule says of itself.
const DESCRIPTION: &str = "pointsman: the load balancer, while it is cut over";

/// Brings the old service's number of tasks to what is wanted; nothing is
/// written where it is that already, or the service is gone.
pub(crate) async fn count(aws: &Aws, old: &Old, wanted: OldCount) -> Result<(), CloudError> {
    let found = described(aws, &old.cluster, std::slice::from_ref(&old.service)).await?;
    let Some(living) = found.iter().find(|service| service.service_arn() == Some(&old.id)) else {
        return Ok(());
    };
    let lives = unsigned(Some(living.desired_count()));
    let asked = match wanted {
        OldCount::Zero => 0,
        OldCount::AtLeast(least) => least.max(lives),
    };
    if asked == lives {
        return Ok(());
    }
    aws.clients
        .ecs()
        .update_service()
        .cluster(&old.cluster)
        .service(&old.service)
        .desired_count(i32::try_from(asked).unwrap_or(i32::MAX))
        .send()
        .await
        .during(&aws.scope, "ecs:UpdateService", &old.service)?;
    Ok(())
}

/// Adds or takes away the one rule that lets the load balancer reach the old
/// service; done already is well.
pub(crate) async fn let_in(aws: &Aws, old: &Old, balancer: &str, wanted: LetsIn) -> Result<(), CloudError> {
    let Some((group, port)) = old.exceptions().lets_in else {
        return Ok(());
    };
    let port = i32::from(port);
    let peer = UserIdGroupPair::builder().group_id(balancer).description(DESCRIPTION).build();
    let rule =
        IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port).user_id_group_pairs(peer);
    let rule = Some(vec![rule.build()]);
    let ec2 = aws.clients.ec2();
    let done = match wanted {
        LetsIn::Open => ec2
            .authorize_security_group_ingress()
            .group_id(group)
            .set_ip_permissions(rule)
            .send()
            .await
            .during(&aws.scope, "ec2:AuthorizeSecurityGroupIngress", group)
            .map(|_| ()),
        LetsIn::Closed => ec2
            .revoke_security_group_ingress()
            .group_id(group)
            .set_ip_permissions(rule)
            .send()
            .await
            .during(&aws.scope, "ec2:RevokeSecurityGroupIngress", group)
            .map(|_| ()),
    };
    match done {
        Err(error) if exists_already(&error) => Ok(()),
        Err(error) if error.code.as_deref() == Some("InvalidPermission.NotFound") => Ok(()),
        other => other,
    }
}

/// Brings a target group to the addresses of the old service's running tasks,
/// or to none.
pub(crate) async fn follow(aws: &Aws, old: &Old, group: &str, behind: Behind) -> Result<(), CloudError> {
    let wanted = async {
        match behind {
            Behind::Tasks => addresses(aws, old).await,
            Behind::Nobody => Ok(BTreeSet::new()),
        }
    };
    let (running, registered) = futures::try_join!(wanted, targets(aws, group))?;
    let elb = aws.clients.elb();
    let come = descriptions(&running, &registered, old.port);
    if !come.is_empty() {
        elb.register_targets().target_group_arn(group).set_targets(Some(come)).send().await.during(
            &aws.scope,
            "elasticloadbalancing:RegisterTargets",
            group,
        )?;
    }
    let gone = descriptions(&registered, &running, old.port);
    // One answer may miss a task that runs: nobody is let go while fewer are known than ECS counts.
    let is_known = async || match behind {
        Behind::Nobody => Ok(true),
        Behind::Tasks => Ok::<bool, CloudError>(running.len() >= running_count(aws, old).await?),
    };
    if !gone.is_empty() && is_known().await? {
        elb.deregister_targets().target_group_arn(group).set_targets(Some(gone)).send().await.during(
            &aws.scope,
            "elasticloadbalancing:DeregisterTargets",
            group,
        )?;
    }
    Ok(())
}

/// How many tasks of the old service ECS says run.
async fn running_count(aws: &Aws, old: &Old) -> Result<usize, CloudError> {
    let found = described(aws, &old.cluster, std::slice::from_ref(&old.service)).await?;
    let running = found.first().map_or(0, |service| service.running_count());
    Ok(usize::try_from(running).unwrap_or_default())
}

/// The addresses of the one that are not of the other, as targets.
fn descriptions(of: &BTreeSet<String>, without: &BTreeSet<String>, port: u16) -> Vec<TargetDescription> {
    of.difference(without).map(|id| TargetDescription::builder().id(id).port(port.into()).build()).collect()
}

/// What is registered and does not leave already.
async fn targets(aws: &Aws, group: &str) -> Result<BTreeSet<String>, CloudError> {
    let described = aws.clients.elb().describe_target_health().target_group_arn(group).send().await.during(
        &aws.scope,
        "elasticloadbalancing:DescribeTargetHealth",
        group,
    )?;
    let stays = described.target_health_descriptions().iter().filter(|it| {
        it.target_health().and_then(|health| health.state()) != Some(&TargetHealthStateEnum::Draining)
    });
    Ok(stays.filter_map(|it| it.target()?.id().map(ToOwned::to_owned)).collect())
}

/// The private addresses of the old service's tasks that run and are to stay.
async fn addresses(aws: &Aws, old: &Old) -> Result<BTreeSet<String>, CloudError> {
    let ecs = aws.clients.ecs();
    let mut pages = ecs
        .list_tasks()
        .cluster(&old.cluster)
        .service_name(&old.service)
        .desired_status(DesiredStatus::Running)
        .into_paginator()
        .send();
    let mut arns = Vec::new();
    while let Some(page) = pages.next().await {
        arns.extend(page.during(&aws.scope, "ecs:ListTasks", &old.service)?.task_arns.unwrap_or_default());
    }
    let mut addresses = BTreeSet::new();
    // No more are described at once.
    for arns in arns.chunks(100) {
        let described =
            ecs.describe_tasks().cluster(&old.cluster).set_tasks(Some(arns.to_vec())).send().await.during(
                &aws.scope,
                "ecs:DescribeTasks",
                &old.service,
            )?;
        let running = described.tasks().iter().filter(|task| task.last_status() == Some("RUNNING"));
        addresses.extend(running.filter_map(address));
    }
    Ok(addresses)
}

fn address(task: &Task) -> Option<String> {
    let details = task.attachments().iter().flat_map(|attachment| attachment.details());
    let mut of_interface = details.filter(|detail| detail.name() == Some("privateIPv4Address"));
    let by_interface = of_interface.next().and_then(|detail| detail.value());
    let interfaces = task.containers().iter().flat_map(|container| container.network_interfaces());
    let by_container = || interfaces.filter_map(|it| it.private_ipv4_address()).next();
    by_interface.or_else(by_container).map(ToOwned::to_owned)
}
