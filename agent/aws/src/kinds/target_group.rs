use std::{collections::BTreeMap, time::Duration};

use aws_sdk_elasticloadbalancingv2::types::{
    Matcher, ProtocolEnum, TargetGroup as ElbTargetGroup, TargetGroupAttribute, TargetHealthDescription,
    TargetTypeEnum,
};
use futures::future::try_join_all;
use pointsman_core::resource::{HealthCheck, Observed, Tags, TargetGroup};
use pointsman_engine::ports::CloudError;

use super::{
    Asked, Changes, Lifecycle,
    elb::{self, Standing, port, signed, unsigned},
    ours, standing,
};
use crate::{
    aws::Aws,
    error::{Absent, During, exists_already, incomplete},
    wait::{Progress, while_busy},
};

/// A listener that was deleted just now may still hold it.
const LET_GO: Duration = Duration::from_secs(5 * 60);

const DRAIN: &str = "deregistration_delay.timeout_seconds";
const STICKY: &str = "stickiness.enabled";
const STICKY_TYPE: &str = "stickiness.type";
const STICKY_SECONDS: &str = "stickiness.lb_cookie.duration_seconds";
const COOKIE: &str = "lb_cookie";

type Attributes = BTreeMap<String, String>;

pub(super) async fn find(aws: &Aws, asked: &[Asked<'_, TargetGroup>]) -> Result<Standing, CloudError> {
    elb::find(asked, |arns| by_arns(aws, arns), |spec| by_name(aws, &spec.name)).await
}

/// What is registered in a target group, and how it is; none where there is no such group.
pub(super) async fn health(
    aws: &Aws,
    group: &str,
) -> Result<Option<Vec<TargetHealthDescription>>, CloudError> {
    let described = aws
        .clients
        .elb()
        .describe_target_health()
        .target_group_arn(group)
        .send()
        .await
        .during(&aws.scope, "elasticloadbalancing:DescribeTargetHealth", group)
        .or_absent()?;
    Ok(described.map(|described| described.target_health_descriptions.unwrap_or_default()))
}

/// The target groups and their attributes side by side.
async fn by_arns(aws: &Aws, arns: Vec<String>) -> Result<Vec<Observed>, CloudError> {
    let (described, attributes) = futures::try_join!(
        elb::in_batches(&arns, |arns| described(aws, arns)),
        try_join_all(arns.iter().map(|arn| attributes(aws, arn)))
    )?;
    let attributes: BTreeMap<&str, Attributes> = arns
        .iter()
        .zip(attributes)
        .filter_map(|(arn, attributes)| Some((arn.as_str(), attributes?)))
        .collect();
    Ok(described
        .iter()
        .filter_map(|group| Some(observed(group, attributes.get(group.target_group_arn()?)?)))
        .collect())
}

async fn by_name(aws: &Aws, name: &str) -> Result<Option<Observed>, CloudError> {
    let found = aws
        .clients
        .elb()
        .describe_target_groups()
        .names(name)
        .send()
        .await
        .during(&aws.scope, "elasticloadbalancing:DescribeTargetGroups", name)
        .or_absent()?;
    let Some(group) = found.and_then(|found| found.target_groups?.into_iter().next()) else {
        return Ok(None);
    };
    let attributes = attributes(aws, group.target_group_arn().unwrap_or_default()).await?;
    Ok(attributes.map(|attributes| observed(&group, &attributes)))
}

async fn described(aws: &Aws, arns: Vec<String>) -> Result<Vec<ElbTargetGroup>, CloudError> {
    let described =
        aws.clients.elb().describe_target_groups().set_target_group_arns(Some(arns)).send().await.during(
            &aws.scope,
            "elasticloadbalancing:DescribeTargetGroups",
            "",
        )?;
    Ok(described.target_groups.unwrap_or_default())
}

async fn attributes(aws: &Aws, arn: &str) -> Result<Option<Attributes>, CloudError> {
    let described = aws
        .clients
        .elb()
        .describe_target_group_attributes()
        .target_group_arn(arn)
        .send()
        .await
        .during(&aws.scope, "elasticloadbalancing:DescribeTargetGroupAttributes", arn)
        .or_absent()?;
    Ok(described.map(|described| {
        let attributes = described.attributes.unwrap_or_default().into_iter();
        attributes.filter_map(|attribute| Some((attribute.key?, attribute.value?))).collect()
    }))
}

fn observed(group: &ElbTargetGroup, attributes: &Attributes) -> Observed {
    let seconds = |name: &str| attributes.get(name).and_then(|value| value.parse::<u64>().ok());
    let is = |name: &str, value: &str| attributes.get(name).is_some_and(|found| found == value);
    let spec = TargetGroup {
        name: group.target_group_name().unwrap_or_default().to_owned(),
        port: port(group.port()),
        protocol: group.protocol().map(|protocol| protocol.as_str().to_owned()).unwrap_or_default(),
        vpc: group.vpc_id().unwrap_or_default().to_owned(),
        health: HealthCheck {
            path: group.health_check_path().unwrap_or_default().to_owned(),
            interval: unsigned(group.health_check_interval_seconds()).into(),
            timeout: unsigned(group.health_check_timeout_seconds()).into(),
            healthy: unsigned(group.healthy_threshold_count()),
            unhealthy: unsigned(group.unhealthy_threshold_count()),
            codes: group.matcher().and_then(Matcher::http_code).unwrap_or_default().to_owned(),
        },
        deregistration_delay: seconds(DRAIN).unwrap_or(300),
        stickiness: (is(STICKY, "true") && !is(STICKY_TYPE, "app_cookie"))
            .then(|| seconds(STICKY_SECONDS).unwrap_or(86_400)),
        ecs_moves: false,
        tags: Tags::default(),
    };
    let arn = group.target_group_arn();
    standing(spec, arn.unwrap_or_default(), [("arn", arn)])
}

async fn set_attributes(aws: &Aws, arn: &str, spec: &TargetGroup) -> Result<(), CloudError> {
    let mut attributes =
        vec![(DRAIN, spec.deregistration_delay.to_string()), (STICKY, spec.stickiness.is_some().to_string())];
    if let Some(seconds) = spec.stickiness {
        attributes.push((STICKY_TYPE, COOKIE.to_owned()));
        attributes.push((STICKY_SECONDS, seconds.to_string()));
    }
    let attributes = attributes
        .into_iter()
        .map(|(key, value)| TargetGroupAttribute::builder().key(key).value(value).build())
        .collect();
    aws.clients
        .elb()
        .modify_target_group_attributes()
        .target_group_arn(arn)
        .set_attributes(Some(attributes))
        .send()
        .await
        .during(&aws.scope, "elasticloadbalancing:ModifyTargetGroupAttributes", arn)?;
    Ok(())
}

/// `None` when an earlier try made it.
async fn make(aws: &Aws, spec: &TargetGroup, token: &str) -> Result<Option<String>, CloudError> {
    let operation = "elasticloadbalancing:CreateTargetGroup";
    let TargetGroup {
        name,
        port,
        protocol,
        vpc,
        health,
        deregistration_delay: _,
        stickiness: _,
        ecs_moves: _,
        tags,
    } = spec;
    let HealthCheck { path, interval, timeout, healthy, unhealthy, codes } = health;
    let made = aws
        .clients
        .elb()
        .create_target_group()
        .name(name)
        .target_type(TargetTypeEnum::Ip)
        .port((*port).into())
        .protocol(ProtocolEnum::from(protocol.as_str()))
        .vpc_id(vpc)
        .health_check_protocol(ProtocolEnum::Http)
        .health_check_path(path)
        .health_check_interval_seconds(signed(*interval))
        .health_check_timeout_seconds(signed(*timeout))
        .healthy_threshold_count(signed(*healthy))
        .unhealthy_threshold_count(signed(*unhealthy))
        .matcher(Matcher::builder().http_code(codes).build())
        .set_tags(Some(elb::new_tags(tags, token)))
        .send()
        .await
        .during(&aws.scope, operation, name);
    match made {
        Ok(made) => made
            .target_groups
            .and_then(|made| made.into_iter().next()?.target_group_arn)
            .map(Some)
            .ok_or_else(|| incomplete(operation, name, "ARN")),
        Err(error) if exists_already(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Lifecycle for TargetGroup {
    async fn create(&self, aws: &Aws, token: &str, _progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let operation = "elasticloadbalancing:CreateTargetGroup";
        let mut found = by_name(aws, &self.name).await?;
        if found.is_none() {
            match make(aws, self, token).await? {
                Some(arn) => {
                    set_attributes(aws, &arn, self).await?;
                    return Ok(standing(self.clone(), &arn, [("arn", Some(arn.as_str()))]));
                }
                None => found = by_name(aws, &self.name).await?,
            }
        }
        let found = found.ok_or_else(|| incomplete(operation, &self.name, "target group under this name"))?;
        let found = ours(elb::tagged(aws, found).await?, &self.tags, operation)?;
        set_attributes(aws, &found.id, self).await?;
        Ok(found)
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        _progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        let arn = &object.id;
        if changes.below("health.").next().is_some() {
            let HealthCheck { path, interval, timeout, healthy, unhealthy, codes } = &self.health;
            aws.clients
                .elb()
                .modify_target_group()
                .target_group_arn(arn)
                .health_check_path(path)
                .health_check_interval_seconds(signed(*interval))
                .health_check_timeout_seconds(signed(*timeout))
                .healthy_threshold_count(signed(*healthy))
                .unhealthy_threshold_count(signed(*unhealthy))
                .matcher(Matcher::builder().http_code(codes).build())
                .send()
                .await
                .during(&aws.scope, "elasticloadbalancing:ModifyTargetGroup", arn)?;
        }
        if changes.any(&["deregistration_delay", "stickiness"]) {
            set_attributes(aws, arn, self).await?;
        }
        elb::update_tags(aws, arn, changes, &self.tags).await?;
        Ok(standing(self.clone(), arn, [("arn", Some(arn.as_str()))]))
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        while_busy(progress, LET_GO, || async {
            aws.clients
                .elb()
                .delete_target_group()
                .target_group_arn(id)
                .send()
                .await
                .during(&aws.scope, "elasticloadbalancing:DeleteTargetGroup", id)
                .or_absent()
        })
        .await
        .map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::TargetGroup as ElbTargetGroup;
    use pointsman_core::resource::Resource;

    use super::{Attributes, observed};

    fn stickiness(attributes: [(&str, &str); 3]) -> Option<u64> {
        let attributes: Attributes =
            attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        match observed(&ElbTargetGroup::builder().build(), &attributes).resource {
            Resource::TargetGroup(spec) => spec.stickiness,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn stickiness_counts_only_while_it_is_on() {
        let (kind, seconds) =
            (("stickiness.type", "lb_cookie"), ("stickiness.lb_cookie.duration_seconds", "1800"));
        assert_eq!(stickiness([("stickiness.enabled", "true"), kind, seconds]), Some(1_800));
        // AWS keeps the duration of what is off.
        assert_eq!(stickiness([("stickiness.enabled", "false"), kind, seconds]), None);
    }
}
