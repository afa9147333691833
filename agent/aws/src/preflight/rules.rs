use pointsman_core::preflight::{Answer, ListenerRule};

use crate::{aws::Aws, error::During};

/// The rules of a listener, without the one that answers what no other matches.
pub(super) async fn rules(aws: &Aws, listener: &str) -> Answer<Vec<ListenerRule>> {
    let mut pages = aws.clients.elb().describe_rules().listener_arn(listener).into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(rule) = pages.next().await {
        let rule = rule.during(&aws.scope, "elasticloadbalancing:DescribeRules", listener)?;
        if let (Some(id), Some(Ok(priority))) =
            (rule.rule_arn, rule.priority.map(|priority| priority.parse()))
        {
            found.push(ListenerRule { id, priority });
        }
    }
    Ok(found)
}
