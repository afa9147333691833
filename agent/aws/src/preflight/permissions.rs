use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType};
use futures::future::try_join_all;
use pointsman_core::preflight::{Allowed, Answer, Denied, Permission};

use crate::{
    aws::Aws,
    error::{Absent, During},
};

/// What a role may not do of what it needs.
pub(super) async fn of_role(aws: &Aws, arn: &str, needed: &[Permission]) -> Answer<Allowed> {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    let described = aws.clients.roles().get_role().role_name(name).send().await;
    let Some(_) = described.during(&aws.scope, "iam:GetRole", name).or_absent()? else {
        return Ok(Allowed::NoRole);
    };
    simulated(aws, arn, needed).await
}

/// What whoever deploys may not do of it: the role that is named for it, or
/// we ourselves.
pub(super) async fn own(aws: &Aws, writer: Option<&str>, needed: &[Permission]) -> Answer<Allowed> {
    if let Some(role) = writer {
        return simulated(aws, role, needed).await;
    }
    let caller = aws.clients.sts().get_caller_identity().send().await.during(
        &aws.scope,
        "sts:GetCallerIdentity",
        &aws.scope.identity(),
    )?;
    let arn = caller.arn.unwrap_or_default();
    let resource = arn.rsplit(':').next().unwrap_or_default();
    match resource.split('/').collect::<Vec<_>>().as_slice() {
        // The account's own user may do everything, and IAM cannot be asked for it.
        ["root"] => Ok(Allowed::Without(Vec::new())),
        ["user", ..] => simulated(aws, &arn, needed).await,
        ["assumed-role", role, ..] => {
            // A session's ARN lacks the role's path.
            let described = aws.clients.roles().get_role().role_name(*role).send().await;
            let described = described.during(&aws.scope, "iam:GetRole", role)?;
            let arn = described.role.map(|role| role.arn).unwrap_or_default();
            simulated(aws, &arn, needed).await
        }
        _ => Ok(Allowed::Untold("IAM simulates users and roles only, and we are neither")),
    }
}

async fn simulated(aws: &Aws, principal: &str, needed: &[Permission]) -> Answer<Allowed> {
    let asked = needed.iter().map(|permission| one(aws, principal, permission));
    Ok(Allowed::Without(try_join_all(asked).await?.into_iter().flatten().collect()))
}

async fn one(aws: &Aws, principal: &str, permission: &Permission) -> Answer<Vec<Denied>> {
    let Permission { actions, resources, context } = permission;
    let entries: Vec<ContextEntry> = context
        .iter()
        .map(|(key, value)| {
            ContextEntry::builder()
                .context_key_name(key)
                .context_key_type(ContextKeyTypeEnum::String)
                .context_key_values(value)
                .build()
        })
        .collect();
    let mut pages = aws
        .clients
        .roles()
        .simulate_principal_policy()
        .policy_source_arn(principal)
        .set_action_names(Some(actions.clone()))
        .set_resource_arns(Some(resources.clone()))
        .set_context_entries((!entries.is_empty()).then_some(entries))
        .into_paginator()
        .items()
        .send();
    let mut denied = Vec::new();
    while let Some(result) = pages.next().await {
        let result = result.during(&aws.scope, "iam:SimulatePrincipalPolicy", principal)?;
        let mut note = |resource: &str, decision: &PolicyEvaluationDecisionType| {
            if *decision != PolicyEvaluationDecisionType::Allowed {
                denied.push(Denied {
                    action: result.eval_action_name().to_owned(),
                    resource: resource.to_owned(),
                    explicitly: *decision == PolicyEvaluationDecisionType::ExplicitDeny,
                });
            }
        };
        if result.resource_specific_results().is_empty() {
            let only = resources.first().map_or("*", String::as_str);
            note(result.eval_resource_name().unwrap_or(only), result.eval_decision());
        }
        for specific in result.resource_specific_results() {
            note(specific.eval_resource_name(), specific.eval_resource_decision());
        }
    }
    Ok(denied)
}
