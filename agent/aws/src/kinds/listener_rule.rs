use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, HostHeaderConditionConfig, HttpHeaderConditionConfig,
    PathPatternConditionConfig, Rule, RuleCondition, RulePriorityPair, TargetGroupStickinessConfig,
    TargetGroupTuple,
};
use futures::future::try_join_all;
use pointsman_core::resource::{Forward, Link, ListenerRule, Observed, Resource, Tags};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{
    Asked, Changes, Lifecycle,
    asked::ids,
    ecs_rule,
    elb::{self, Standing, arn_of, placed, signed},
    known, ours, sorted, standing,
};
use crate::{
    aws::Aws,
    error::{Absent, During, exists_already, failure, incomplete},
    wait::{Progress, while_busy},
};

const HOSTS: &str = "host-header";
const PATHS: &str = "path-pattern";
const HEADERS: &str = "http-header";
const EVERY_PATH: &str = "/*";

pub(super) async fn by_arn(aws: &Aws, asked: &[Asked<'_, ListenerRule>]) -> Result<Standing, CloudError> {
    Ok(placed(asked, described(aws, ids(asked)).await?))
}

/// Rules as they stand, by their ARNs; without their tags.
pub(super) async fn described(aws: &Aws, arns: Vec<String>) -> Result<Vec<Observed>, CloudError> {
    let found = elb::in_batches(&arns, |arns| async move {
        let described = aws.clients.elb().describe_rules().set_rule_arns(Some(arns)).send().await.during(
            &aws.scope,
            "elasticloadbalancing:DescribeRules",
            "",
        )?;
        Ok(described.rules.unwrap_or_default())
    })
    .await?;
    Ok(found.iter().map(observed).collect())
}

/// The rest, by priority, on the listeners that stand.
pub(super) async fn below(
    aws: &Aws,
    asked: &[Asked<'_, ListenerRule>],
    mut found: Standing,
    listeners: &Standing,
) -> Result<Standing, CloudError> {
    let missing: Vec<(&Asked<'_, ListenerRule>, &str)> = asked
        .iter()
        .filter(|asked| asked.by_name && !found.contains_key(asked.address))
        .filter_map(|asked| Some((asked, arn_of(&asked.spec.listener, listeners)?)))
        .collect();
    let parents: BTreeMap<&str, ()> = missing.iter().map(|(_, parent)| (*parent, ())).collect();
    let rules = try_join_all(parents.keys().map(|parent| of(aws, parent))).await?;
    let rules: BTreeMap<&str, Vec<Observed>> = parents.into_keys().zip(rules).collect();
    for (asked, parent) in missing {
        let rule =
            rules.get(parent).into_iter().flatten().find(|rule| has_priority(rule, asked.spec.priority));
        if let Some(rule) = rule {
            found.insert(asked.address.clone(), rule.clone());
        }
    }
    Ok(found)
}

/// Every rule of a listener but its default.
async fn of(aws: &Aws, listener: &str) -> Result<Vec<Observed>, CloudError> {
    let mut found = Vec::new();
    let mut marker = None;
    loop {
        let page = aws
            .clients
            .elb()
            .describe_rules()
            .listener_arn(listener)
            .set_marker(marker)
            .send()
            .await
            .during(&aws.scope, "elasticloadbalancing:DescribeRules", listener)
            .or_absent()?;
        let Some(page) = page else {
            return Ok(found);
        };
        found.extend(page.rules().iter().filter(|rule| rule.is_default() != Some(true)).map(observed));
        marker = page.next_marker;
        if marker.is_none() {
            return Ok(found);
        }
    }
}

fn has_priority(rule: &Observed, priority: u32) -> bool {
    matches!(&rule.resource, Resource::ListenerRule(rule) if rule.priority == priority)
}

fn observed(rule: &Rule) -> Observed {
    let arn = rule.rule_arn().unwrap_or_default();
    let (forward, stickiness) = forwards(rule.actions());
    let spec = ListenerRule {
        listener: Link::Known(listener_of(arn)),
        priority: rule.priority().and_then(|priority| priority.parse().ok()).unwrap_or_default(),
        hosts: hosts(rule.conditions()),
        headers: headers(rule.conditions()),
        forward,
        ecs_moves: false,
        stickiness,
        tags: Tags::default(),
    };
    standing(spec, arn, [("arn", Some(arn))])
}

/// A rule's ARN is its listener's with another type and one part more.
fn listener_of(rule: &str) -> String {
    let listener = rule.replacen(":listener-rule/", ":listener/", 1);
    listener.rsplit_once('/').map(|(listener, _)| listener.to_owned()).unwrap_or_default()
}

/// The hosts of a rule. A condition that we never write is shown in its place,
/// so that the difference is seen.
fn hosts(conditions: &[RuleCondition]) -> Vec<String> {
    let mut hosts = Vec::new();
    for condition in conditions {
        let field = condition.field().unwrap_or_default();
        let nested = match field {
            HOSTS => condition.host_header_config().map(HostHeaderConditionConfig::values),
            PATHS => condition.path_pattern_config().map(PathPatternConditionConfig::values),
            _ => None,
        };
        if condition.http_header_config().is_some() {
            continue;
        }
        let values = nested.filter(|values| !values.is_empty()).unwrap_or_else(|| condition.values());
        match (field, values) {
            (HOSTS, values) => hosts.extend(values.iter().cloned()),
            (PATHS, [path]) if path == EVERY_PATH => {}
            (other, values) => hosts.push(format!("{other}={}", values.join(","))),
        }
    }
    sorted(hosts)
}

/// The other headers that a rule asks for.
fn headers(conditions: &[RuleCondition]) -> BTreeMap<String, Vec<String>> {
    let configs = conditions.iter().filter_map(RuleCondition::http_header_config);
    configs
        .filter_map(|config| Some((config.http_header_name()?.to_owned(), sorted(config.values().to_vec()))))
        .collect()
}

/// Where a rule's traffic goes, and how long it stays there: nothing when the
/// rule does something else. One group alone has no weight that means anything.
fn forwards(actions: &[Action]) -> (Vec<Forward>, Option<u64>) {
    let nothing = (Vec::new(), None);
    let [forward] = actions else {
        return nothing;
    };
    if forward.r#type() != Some(&ActionTypeEnum::Forward) {
        return nothing;
    }
    let config = forward.forward_config();
    let groups = config.map(|config| config.target_groups()).unwrap_or_default();
    let arn_of = |group: &TargetGroupTuple| group.target_group_arn().map(ToOwned::to_owned);
    match groups {
        [] => {
            let only = forward.target_group_arn().map(|arn| Link::Known(arn.to_owned()));
            (only.map(Forward::all_to).unwrap_or_default(), None)
        }
        [only] => (arn_of(only).map(Link::Known).map(Forward::all_to).unwrap_or_default(), None),
        several => {
            let forward = several.iter().filter_map(|group| {
                let weight = group.weight().map_or(1, |weight| u32::try_from(weight).unwrap_or_default());
                Some(Forward { target_group: Link::Known(arn_of(group)?), weight })
            });
            let mut forward: Vec<Forward> = forward.collect();
            forward.sort();
            let stickiness = config
                .and_then(|config| config.target_group_stickiness_config())
                .filter(|sticky| sticky.enabled() == Some(true))
                .and_then(|sticky| u64::try_from(sticky.duration_seconds()?).ok());
            (forward, stickiness)
        }
    }
}

fn conditions_of(spec: &ListenerRule) -> Vec<RuleCondition> {
    let headers = spec.headers.iter().map(|(name, values)| {
        let config = HttpHeaderConditionConfig::builder()
            .http_header_name(name)
            .set_values(Some(values.clone()))
            .build();
        RuleCondition::builder().field(HEADERS).http_header_config(config).build()
    });
    std::iter::once(condition(&spec.hosts)).chain(headers).collect()
}

fn condition(hosts: &[String]) -> RuleCondition {
    if hosts.is_empty() {
        let every = PathPatternConditionConfig::builder().values(EVERY_PATH).build();
        RuleCondition::builder().field(PATHS).path_pattern_config(every).build()
    } else {
        let hosts = HostHeaderConditionConfig::builder().set_values(Some(hosts.to_vec())).build();
        RuleCondition::builder().field(HOSTS).host_header_config(hosts).build()
    }
}

fn forward(spec: &ListenerRule, operation: &'static str) -> Result<Action, CloudError> {
    let action = Action::builder().r#type(ActionTypeEnum::Forward);
    match spec.forward.as_slice() {
        [] => Err(failure(CloudErrorKind::Refused, operation, "", "the rule has no target group", None)),
        [only] => Ok(action.target_group_arn(known(&only.target_group, operation)?).build()),
        several => {
            let groups = several.iter().map(|one| {
                let group =
                    TargetGroupTuple::builder().target_group_arn(known(&one.target_group, operation)?);
                Ok(group.weight(signed(one.weight)).build())
            });
            let sticky = TargetGroupStickinessConfig::builder()
                .enabled(spec.stickiness.is_some())
                .set_duration_seconds(spec.stickiness.and_then(|seconds| i32::try_from(seconds).ok()))
                .build();
            let config = ForwardActionConfig::builder()
                .set_target_groups(Some(groups.collect::<Result<_, CloudError>>()?))
                .target_group_stickiness_config(sticky)
                .build();
            Ok(action.forward_config(config).build())
        }
    }
}

async fn with_priority(aws: &Aws, listener: &str, priority: u32) -> Result<Option<Observed>, CloudError> {
    match of(aws, listener).await?.into_iter().find(|rule| has_priority(rule, priority)) {
        Some(found) => elb::tagged(aws, found).await.map(Some),
        None => Ok(None),
    }
}

impl Lifecycle for ListenerRule {
    async fn create(&self, aws: &Aws, token: &str, _progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let operation = "elasticloadbalancing:CreateRule";
        let listener = known(&self.listener, operation)?;
        if let Some(found) = with_priority(aws, listener, self.priority).await? {
            return ours(found, &self.tags, operation);
        }
        let subject = format!("{listener} priority {}", self.priority);
        let made = aws
            .clients
            .elb()
            .create_rule()
            .listener_arn(listener)
            .priority(signed(self.priority))
            .set_conditions(Some(conditions_of(self)))
            .actions(forward(&ecs_rule::made(aws, self).await?, operation)?)
            .set_tags(Some(elb::new_tags(&self.tags, token)))
            .send()
            .await
            .during(&aws.scope, operation, &subject);
        match made {
            Ok(made) => {
                let arn = made
                    .rules
                    .and_then(|made| made.into_iter().next()?.rule_arn)
                    .ok_or_else(|| incomplete(operation, &subject, "ARN"))?;
                Ok(standing(self.clone(), &arn, [("arn", Some(arn.as_str()))]))
            }
            Err(error) if exists_already(&error) => {
                match with_priority(aws, listener, self.priority).await? {
                    Some(found) => ours(found, &self.tags, operation),
                    None => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        _progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        let arn = &object.id;
        let condition = changes.any(&["hosts"]) || changes.below("headers.").next().is_some();
        let action = changes.any(&["target_group", "stickiness"]);
        if condition || action {
            let operation = "elasticloadbalancing:ModifyRule";
            let actions = if action {
                Some(vec![forward(&ecs_rule::written(aws, self, arn).await?, operation)?])
            } else {
                None
            };
            aws.clients
                .elb()
                .modify_rule()
                .rule_arn(arn)
                .set_conditions(condition.then(|| conditions_of(self)))
                .set_actions(actions)
                .send()
                .await
                .during(&aws.scope, operation, arn)?;
        }
        if changes.any(&["priority"]) {
            aws.clients
                .elb()
                .set_rule_priorities()
                .rule_priorities(
                    RulePriorityPair::builder().rule_arn(arn).priority(signed(self.priority)).build(),
                )
                .send()
                .await
                .during(&aws.scope, "elasticloadbalancing:SetRulePriorities", arn)?;
        }
        elb::update_tags(aws, arn, changes, &self.tags).await?;
        Ok(standing(self.clone(), arn, [("arn", Some(arn.as_str()))]))
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        while_busy(progress, std::time::Duration::from_secs(60), || async {
            aws.clients
                .elb()
                .delete_rule()
                .rule_arn(id)
                .send()
                .await
                .during(&aws.scope, "elasticloadbalancing:DeleteRule", id)
                .or_absent()
        })
        .await
        .map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::{
        Action, ActionTypeEnum, ForwardActionConfig, RuleCondition, TargetGroupStickinessConfig,
        TargetGroupTuple,
    };
    use pointsman_core::resource::{Forward, Link};

    use super::{EVERY_PATH, HOSTS, PATHS, condition, forwards, hosts, listener_of};

    #[test]
    fn a_rules_arn_names_its_listener() {
        let rule = "arn:aws:elasticloadbalancing:us-east-1:1:listener-rule/app/web/50dc/f2f7/9683";
        assert_eq!(listener_of(rule), "arn:aws:elasticloadbalancing:us-east-1:1:listener/app/web/50dc/f2f7");
    }

    #[test]
    fn hosts_come_back_as_they_were_written_and_sorted() {
        let written = ["b.example.com".to_owned(), "a.example.com".to_owned()];
        assert_eq!(hosts(&[condition(&written)]), ["a.example.com", "b.example.com"]);
        assert_eq!(hosts(&[condition(&[])]), [""; 0]);
    }

    #[test]
    fn conditions_that_are_not_ours_are_shown() {
        let old_shape =
            |field: &str, value: &str| RuleCondition::builder().field(field).values(value).build();
        assert_eq!(hosts(&[old_shape(HOSTS, "a.example.com")]), ["a.example.com"]);
        assert_eq!(hosts(&[old_shape(PATHS, EVERY_PATH)]), [""; 0]);
        assert_eq!(hosts(&[old_shape(PATHS, "/admin/*")]), ["path-pattern=/admin/*"]);
    }

    #[test]
    fn a_rules_target_groups_are_read_with_their_weights() {
        let forward = |weights: &[(&str, i32)], sticky: Option<i32>| {
            let groups = weights.iter().map(|(arn, weight)| {
                TargetGroupTuple::builder().target_group_arn(*arn).weight(*weight).build()
            });
            let sticky = TargetGroupStickinessConfig::builder()
                .enabled(sticky.is_some())
                .set_duration_seconds(sticky)
                .build();
            let config = ForwardActionConfig::builder()
                .set_target_groups(Some(groups.collect()))
                .target_group_stickiness_config(sticky)
                .build();
            Action::builder().r#type(ActionTypeEnum::Forward).forward_config(config).build()
        };
        let group = |arn: &str, weight| Forward { target_group: Link::Known(arn.to_owned()), weight };
        let alone = |arn: &str| Forward::all_to(Link::Known(arn.to_owned()));
        assert_eq!(forwards(&[forward(&[("blue", 100)], Some(60))]), (alone("blue"), None));
        assert_eq!(
            forwards(&[forward(&[("green", 100), ("blue", 0)], None)]),
            (vec![group("blue", 0), group("green", 100)], None)
        );
        assert_eq!(
            forwards(&[forward(&[("blue", 75), ("green", 25)], Some(60))]),
            (vec![group("blue", 75), group("green", 25)], Some(60))
        );
        let short = Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn("blue").build();
        assert_eq!(forwards(&[short]), (alone("blue"), None));
        let fixed = Action::builder().r#type(ActionTypeEnum::FixedResponse).build();
        assert_eq!(forwards(&[fixed]), (Vec::new(), None));
    }
}
