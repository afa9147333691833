use std::{collections::BTreeMap, time::Duration};

use aws_sdk_elasticloadbalancingv2::types::{
    AvailabilityZone, LoadBalancer as ElbLoadBalancer, LoadBalancerAttribute, LoadBalancerSchemeEnum,
    LoadBalancerStateEnum, LoadBalancerTypeEnum,
};
use futures::future::try_join_all;
use pointsman_core::resource::{LoadBalancer, Observed, Readiness, Tags};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{
    Asked, Changes, Lifecycle, all_known,
    elb::{self, Standing},
    links, ours, sorted, standing,
};
use crate::{
    aws::Aws,
    error::{Absent, During, exists_already, failure, incomplete},
    wait::{Pauses, Progress, while_busy},
};

const ACTIVE_WITHIN: Duration = Duration::from_secs(15 * 60);
const GONE_WITHIN: Duration = Duration::from_secs(10 * 60);

const IDLE_TIMEOUT: &str = "idle_timeout.timeout_seconds";
const DELETION_PROTECTION: &str = "deletion_protection.enabled";
const DROP_INVALID_HEADERS: &str = "routing.http.drop_invalid_header_fields.enabled";

type Attributes = BTreeMap<String, String>;

pub(super) async fn find(aws: &Aws, asked: &[Asked<'_, LoadBalancer>]) -> Result<Standing, CloudError> {
    elb::find(asked, |arns| by_arns(aws, arns), |spec| by_name(aws, &spec.name)).await
}

/// The load balancers and their attributes side by side.
async fn by_arns(aws: &Aws, arns: Vec<String>) -> Result<Vec<Observed>, CloudError> {
    let (described, attributes) = futures::try_join!(
        elb::in_batches(&arns, |arns| described(aws, arns)),
        try_join_all(arns.iter().map(|arn| attributes(aws, arn)))
    )?;
    let attributes: BTreeMap<&String, Attributes> =
        arns.iter().zip(attributes).filter_map(|(arn, attributes)| Some((arn, attributes?))).collect();
    Ok(described
        .iter()
        .filter_map(|balancer| {
            Some(observed(balancer, attributes.get(&balancer.load_balancer_arn()?.to_owned())?))
        })
        .collect())
}

async fn by_name(aws: &Aws, name: &str) -> Result<Option<Observed>, CloudError> {
    let found = aws
        .clients
        .elb()
        .describe_load_balancers()
        .names(name)
        .send()
        .await
        .during(&aws.scope, "elasticloadbalancing:DescribeLoadBalancers", name)
        .or_absent()?;
    let Some(balancer) = found.and_then(|found| found.load_balancers?.into_iter().next()) else {
        return Ok(None);
    };
    let attributes = attributes(aws, balancer.load_balancer_arn().unwrap_or_default()).await?;
    Ok(attributes.map(|attributes| observed(&balancer, &attributes)))
}

async fn described(aws: &Aws, arns: Vec<String>) -> Result<Vec<ElbLoadBalancer>, CloudError> {
    let described =
        aws.clients.elb().describe_load_balancers().set_load_balancer_arns(Some(arns)).send().await.during(
            &aws.scope,
            "elasticloadbalancing:DescribeLoadBalancers",
            "",
        )?;
    Ok(described.load_balancers.unwrap_or_default())
}

async fn attributes(aws: &Aws, arn: &str) -> Result<Option<Attributes>, CloudError> {
    let described = aws
        .clients
        .elb()
        .describe_load_balancer_attributes()
        .load_balancer_arn(arn)
        .send()
        .await
        .during(&aws.scope, "elasticloadbalancing:DescribeLoadBalancerAttributes", arn)
        .or_absent()?;
    Ok(described.map(|described| {
        let attributes = described.attributes.unwrap_or_default().into_iter();
        attributes.filter_map(|attribute| Some((attribute.key?, attribute.value?))).collect()
    }))
}

fn observed(balancer: &ElbLoadBalancer, attributes: &Attributes) -> Observed {
    let is = |name: &str| attributes.get(name).is_some_and(|value| value == "true");
    let subnets = balancer
        .availability_zones()
        .iter()
        .filter_map(AvailabilityZone::subnet_id)
        .map(ToOwned::to_owned)
        .collect();
    let spec = LoadBalancer {
        name: balancer.load_balancer_name().unwrap_or_default().to_owned(),
        scheme: balancer.scheme().map(|scheme| scheme.as_str().to_owned()).unwrap_or_default(),
        subnets: sorted(subnets),
        security_groups: links(balancer.security_groups().iter().cloned()),
        idle_timeout: attributes.get(IDLE_TIMEOUT).and_then(|value| value.parse().ok()).unwrap_or(60),
        deletion_protection: is(DELETION_PROTECTION),
        drop_invalid_headers: is(DROP_INVALID_HEADERS),
        tags: Tags::default(),
    };
    let arn = balancer.load_balancer_arn();
    let mut observed = standing(
        spec,
        arn.unwrap_or_default(),
        [("arn", arn), ("dns_name", balancer.dns_name()), ("zone_id", balancer.canonical_hosted_zone_id())],
    );
    observed.readiness = readiness(balancer);
    observed
}

fn readiness(balancer: &ElbLoadBalancer) -> Readiness {
    let Some(state) = balancer.state() else {
        return Readiness::Ready;
    };
    let words = |code: &str| match state.reason() {
        Some(reason) if !reason.is_empty() => format!("{code}: {reason}"),
        _ => code.to_owned(),
    };
    match state.code() {
        Some(LoadBalancerStateEnum::Failed) => Readiness::Failed(words("failed")),
        Some(LoadBalancerStateEnum::Provisioning) => Readiness::Pending(words("provisioning")),
        _ => Readiness::Ready,
    }
}

impl LoadBalancerSpec<'_> {
    fn attributes(&self) -> Vec<LoadBalancerAttribute> {
        let Self(LoadBalancer { idle_timeout, deletion_protection, drop_invalid_headers, .. }) = self;
        [
            (IDLE_TIMEOUT, idle_timeout.to_string()),
            (DELETION_PROTECTION, deletion_protection.to_string()),
            (DROP_INVALID_HEADERS, drop_invalid_headers.to_string()),
        ]
        .into_iter()
        .map(|(key, value)| LoadBalancerAttribute::builder().key(key).value(value).build())
        .collect()
    }

    async fn set_attributes(&self, aws: &Aws, arn: &str) -> Result<(), CloudError> {
        aws.clients
            .elb()
            .modify_load_balancer_attributes()
            .load_balancer_arn(arn)
            .set_attributes(Some(self.attributes()))
            .send()
            .await
            .during(&aws.scope, "elasticloadbalancing:ModifyLoadBalancerAttributes", arn)?;
        Ok(())
    }

    /// `None` when an earlier try made it.
    async fn make(&self, aws: &Aws, token: &str) -> Result<Option<ElbLoadBalancer>, CloudError> {
        let operation = "elasticloadbalancing:CreateLoadBalancer";
        let LoadBalancer { name, scheme, subnets, security_groups, tags, .. } = self.0;
        let made = aws
            .clients
            .elb()
            .create_load_balancer()
            .name(name)
            .scheme(LoadBalancerSchemeEnum::from(scheme.as_str()))
            .r#type(LoadBalancerTypeEnum::Application)
            .set_subnets(Some(subnets.clone()))
            .set_security_groups(Some(all_known(security_groups, operation)?))
            .set_tags(Some(elb::new_tags(tags, token)))
            .send()
            .await
            .during(&aws.scope, operation, name);
        match made {
            Ok(made) => made
                .load_balancers
                .and_then(|made| made.into_iter().next())
                .map(Some)
                .ok_or_else(|| incomplete(operation, name, "load balancer")),
            Err(error) if exists_already(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What should be, with what only this kind does with it.
struct LoadBalancerSpec<'a>(&'a LoadBalancer);

impl Lifecycle for LoadBalancer {
    async fn create(&self, aws: &Aws, token: &str, progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let operation = "elasticloadbalancing:CreateLoadBalancer";
        let spec = LoadBalancerSpec(self);
        let mut found = by_name(aws, &self.name).await?;
        if let Some(failed) = found.take_if(|found| matches!(found.readiness, Readiness::Failed(_))) {
            // Its name is taken until it is gone.
            let failed = ours(elb::tagged(aws, failed).await?, &self.tags, operation)?;
            self.delete(aws, &failed.id, progress).await?;
        }
        if found.is_none() {
            match spec.make(aws, token).await? {
                Some(made) => {
                    let mut made = observed(&made, &Attributes::new());
                    made.resource = self.clone().into();
                    made.owner = self.tags.owner();
                    spec.set_attributes(aws, &made.id).await?;
                    return Ok(made);
                }
                None => found = by_name(aws, &self.name).await?,
            }
        }
        let found =
            found.ok_or_else(|| incomplete(operation, &self.name, "load balancer under this name"))?;
        let found = ours(elb::tagged(aws, found).await?, &self.tags, operation)?;
        spec.set_attributes(aws, &found.id).await?;
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
        let elb = aws.clients.elb();
        if changes.any(&["subnets"]) {
            let operation = "elasticloadbalancing:SetSubnets";
            elb.set_subnets()
                .load_balancer_arn(arn)
                .set_subnets(Some(self.subnets.clone()))
                .send()
                .await
                .during(&aws.scope, operation, arn)?;
        }
        if changes.any(&["security_groups"]) {
            let operation = "elasticloadbalancing:SetSecurityGroups";
            elb.set_security_groups()
                .load_balancer_arn(arn)
                .set_security_groups(Some(all_known(&self.security_groups, operation)?))
                .send()
                .await
                .during(&aws.scope, operation, arn)?;
        }
        if changes.any(&["idle_timeout", "deletion_protection", "drop_invalid_headers"]) {
            LoadBalancerSpec(self).set_attributes(aws, arn).await?;
        }
        elb::update_tags(aws, arn, changes, &self.tags).await?;
        let resource = self.clone().into();
        Ok(Observed { resource, owner: self.tags.owner(), ..object.clone() })
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        let operation = "elasticloadbalancing:DeleteLoadBalancer";
        while_busy(progress, GONE_WITHIN, || async {
            aws.clients
                .elb()
                .delete_load_balancer()
                .load_balancer_arn(id)
                .send()
                .await
                .during(&aws.scope, operation, id)
                .or_absent()
        })
        .await
        .map_err(|mut error| {
            if error.code.as_deref() == Some("OperationNotPermitted") {
                error.help = Some(
                    "when it is protected, deploy it with `deletion_protection = false` first, then take it away"
                        .to_owned(),
                );
            }
            error
        })?;
        let mut pauses = Pauses::within(GONE_WITHIN);
        while !elb::in_batches(&[id.to_owned()], |arns| described(aws, arns)).await?.is_empty() {
            pauses.pause(operation, id, "it is being deleted").await?;
        }
        Ok(())
    }

    async fn settle(
        &self,
        aws: &Aws,
        object: &Observed,
        progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        let operation = "elasticloadbalancing:DescribeLoadBalancers";
        let mut pauses = Pauses::within(ACTIVE_WITHIN);
        let mut told = String::new();
        loop {
            let described = described(aws, vec![object.id.clone()]).await?;
            let balancer =
                described.first().ok_or_else(|| incomplete(operation, &object.id, "load balancer"))?;
            match readiness(balancer) {
                Readiness::Ready => {
                    return Ok(Observed { readiness: Readiness::Ready, ..object.clone() });
                }
                Readiness::Failed(why) => {
                    let help = "it is made anew when you run it again";
                    let help = Some(help.to_owned());
                    return Err(failure(CloudErrorKind::Failed, operation, &self.name, why, help));
                }
                Readiness::Pending(says) => {
                    if says != told {
                        progress.say(&*says);
                    }
                    told = says;
                    pauses.pause(operation, &self.name, &told).await?;
                }
            }
        }
    }
}
