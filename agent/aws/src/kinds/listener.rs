use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, Certificate, FixedResponseActionConfig, Listener as ElbListener, ProtocolEnum,
};
use futures::future::try_join_all;
use pointsman_core::resource::{Link, Listener, Observed, Resource, Tags};
use pointsman_engine::ports::CloudError;

use super::{
    Asked, Changes, Lifecycle,
    asked::ids,
    elb::{self, Standing, arn_of, placed, port},
    known, ours, standing,
};
use crate::{
    aws::Aws,
    error::{Absent, During, exists_already, incomplete},
    wait::{Progress, while_busy},
};

/// What AWS takes for HTTPS when nothing is said.
const DEFAULT_POLICY: &str = "ELBSecurityPolicy-2016-08";

pub(super) async fn by_arn(aws: &Aws, asked: &[Asked<'_, Listener>]) -> Result<Standing, CloudError> {
    let arns = ids(asked);
    let found = elb::in_batches(&arns, |arns| async move {
        let described =
            aws.clients.elb().describe_listeners().set_listener_arns(Some(arns)).send().await.during(
                &aws.scope,
                "elasticloadbalancing:DescribeListeners",
                "",
            )?;
        Ok(described.listeners.unwrap_or_default())
    })
    .await?;
    Ok(placed(asked, found.iter().map(observed).collect()))
}

/// The rest, by port, on the load balancers that stand.
pub(super) async fn below(
    aws: &Aws,
    asked: &[Asked<'_, Listener>],
    mut found: Standing,
    balancers: &Standing,
) -> Result<Standing, CloudError> {
    let missing: Vec<(&Asked<'_, Listener>, &str)> = asked
        .iter()
        .filter(|asked| asked.by_name && !found.contains_key(asked.address))
        .filter_map(|asked| Some((asked, arn_of(&asked.spec.load_balancer, balancers)?)))
        .collect();
    let parents: BTreeMap<&str, ()> = missing.iter().map(|(_, parent)| (*parent, ())).collect();
    let listeners = try_join_all(parents.keys().map(|parent| of(aws, parent))).await?;
    let listeners: BTreeMap<&str, Vec<Observed>> = parents.into_keys().zip(listeners).collect();
    for (asked, parent) in missing {
        let on_port = listeners.get(parent).into_iter().flatten().find(
            |listener| matches!(&listener.resource, Resource::Listener(spec) if spec.port == asked.spec.port),
        );
        if let Some(listener) = on_port {
            found.insert(asked.address.clone(), listener.clone());
        }
    }
    for asked in asked {
        if let Some(Resource::Listener(spec)) = found.get_mut(asked.address).map(|found| &mut found.resource)
            && asked.spec.ssl_policy.is_none()
            && spec.ssl_policy.as_deref() == Some(DEFAULT_POLICY)
        {
            spec.ssl_policy = None;
        }
    }
    Ok(found)
}

/// Every listener of a load balancer.
async fn of(aws: &Aws, load_balancer: &str) -> Result<Vec<Observed>, CloudError> {
    let mut found = Vec::new();
    let mut marker = None;
    loop {
        let page = aws
            .clients
            .elb()
            .describe_listeners()
            .load_balancer_arn(load_balancer)
            .set_marker(marker)
            .send()
            .await
            .during(&aws.scope, "elasticloadbalancing:DescribeListeners", load_balancer)
            .or_absent()?;
        let Some(page) = page else {
            return Ok(found);
        };
        found.extend(page.listeners().iter().map(observed));
        marker = page.next_marker;
        if marker.is_none() {
            return Ok(found);
        }
    }
}

fn observed(listener: &ElbListener) -> Observed {
    let spec = Listener {
        load_balancer: Link::Known(listener.load_balancer_arn().unwrap_or_default().to_owned()),
        port: port(listener.port()),
        protocol: listener.protocol().map(|protocol| protocol.as_str().to_owned()).unwrap_or_default(),
        certificate: listener
            .certificates()
            .first()
            .and_then(Certificate::certificate_arn)
            .map(ToOwned::to_owned),
        ssl_policy: listener.ssl_policy().map(ToOwned::to_owned),
        default_status: status_of(listener.default_actions()),
        tags: Tags::default(),
    };
    let arn = listener.listener_arn();
    standing(spec, arn.unwrap_or_default(), [("arn", arn)])
}

fn status_of(actions: &[Action]) -> Option<u16> {
    match actions {
        [only] => only.fixed_response_config()?.status_code()?.parse().ok(),
        _ => None,
    }
}

fn default_action(spec: &Listener) -> Action {
    let answer = FixedResponseActionConfig::builder()
        .status_code(spec.default_status.unwrap_or(404).to_string())
        .content_type("text/plain")
        .build();
    Action::builder().r#type(ActionTypeEnum::FixedResponse).fixed_response_config(answer).build()
}

fn certificates(spec: &Listener) -> Option<Vec<Certificate>> {
    let certificate = spec.certificate.as_ref()?;
    Some(vec![Certificate::builder().certificate_arn(certificate).build()])
}

async fn on_port(aws: &Aws, spec: &Listener, parent: &str) -> Result<Option<Observed>, CloudError> {
    let found = of(aws, parent)
        .await?
        .into_iter()
        .find(|found| matches!(&found.resource, Resource::Listener(found) if found.port == spec.port));
    match found {
        Some(found) => elb::tagged(aws, found).await.map(Some),
        None => Ok(None),
    }
}

impl Lifecycle for Listener {
    async fn create(&self, aws: &Aws, token: &str, _progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let operation = "elasticloadbalancing:CreateListener";
        let parent = known(&self.load_balancer, operation)?;
        if let Some(found) = on_port(aws, self, parent).await? {
            return ours(found, &self.tags, operation);
        }
        let subject = format!("{parent} port {}", self.port);
        let made = aws
            .clients
            .elb()
            .create_listener()
            .load_balancer_arn(parent)
            .port(self.port.into())
            .protocol(ProtocolEnum::from(self.protocol.as_str()))
            .set_certificates(certificates(self))
            .set_ssl_policy(self.ssl_policy.clone())
            .default_actions(default_action(self))
            .set_tags(Some(elb::new_tags(&self.tags, token)))
            .send()
            .await
            .during(&aws.scope, operation, &subject);
        match made {
            Ok(made) => {
                let arn = made
                    .listeners
                    .and_then(|made| made.into_iter().next()?.listener_arn)
                    .ok_or_else(|| incomplete(operation, &subject, "ARN"))?;
                Ok(standing(self.clone(), &arn, [("arn", Some(arn.as_str()))]))
            }
            Err(error) if exists_already(&error) => match on_port(aws, self, parent).await? {
                Some(found) => ours(found, &self.tags, operation),
                None => Err(error),
            },
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
        if changes.any(&["port", "protocol", "certificate", "ssl_policy", "default_status"]) {
            aws.clients
                .elb()
                .modify_listener()
                .listener_arn(arn)
                .port(self.port.into())
                .protocol(ProtocolEnum::from(self.protocol.as_str()))
                .set_certificates(certificates(self))
                .set_ssl_policy(self.ssl_policy.clone())
                .set_default_actions(changes.when("default_status", vec![default_action(self)]))
                .send()
                .await
                .during(&aws.scope, "elasticloadbalancing:ModifyListener", arn)?;
        }
        elb::update_tags(aws, arn, changes, &self.tags).await?;
        Ok(standing(self.clone(), arn, [("arn", Some(arn.as_str()))]))
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        while_busy(progress, std::time::Duration::from_secs(60), || async {
            aws.clients
                .elb()
                .delete_listener()
                .listener_arn(id)
                .send()
                .await
                .during(&aws.scope, "elasticloadbalancing:DeleteListener", id)
                .or_absent()
        })
        .await
        .map(|_| ())
    }
}
