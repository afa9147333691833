use aws_sdk_applicationautoscaling::types::{ScalableTarget as AwsScalableTarget, SuspendedState};
use futures::future::try_join_all;
use pointsman_core::resource::{Observed, ScalableTarget, Suspended, Tags};
use pointsman_engine::ports::CloudError;

use super::{
    Asked, Changes, Found, Lifecycle,
    asked::names,
    elb::{signed, unsigned},
    ours,
    scaling::{AT_ONCE, BUSY_FOR, DIMENSION, NAMESPACE},
    standing,
    tag_index::Index,
    tags_of,
};
use crate::{
    aws::Aws,
    error::{Absent, During, incomplete},
    wait::{Progress, while_busy},
};

const REGISTER: &str = "application-autoscaling:RegisterScalableTarget";

/// The service that it scales is its id: all are asked for at once, beside the
/// index of tags.
pub(super) async fn observe(
    aws: &Aws,
    asked: &[Asked<'_, ScalableTarget>],
    index: &Index<'_>,
) -> Result<Found, CloudError> {
    let wanted: Vec<(&Asked<'_, ScalableTarget>, String)> =
        asked.iter().map(|asked| (asked, asked.spec.resource_id())).collect();
    let mut ids: Vec<String> = wanted
        .iter()
        .flat_map(|(asked, own)| names(asked, own).map(ToOwned::to_owned).collect::<Vec<_>>())
        .collect();
    ids.sort();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Found::new());
    }
    let (targets, index) = futures::join!(described(aws, &ids), index.said());
    let (targets, index) = (targets?, &index);
    let found = wanted.iter().filter_map(|(asked, own)| {
        let mut ids = names(asked, own);
        let target = ids.find_map(|id| targets.iter().find(|target| target.resource_id() == id))?;
        Some((*asked, target))
    });
    try_join_all(found.map(|(asked, target)| async move {
        let confirmed = index.confirms(target.scalable_target_arn().unwrap_or_default(), &asked.spec.tags);
        let object = match confirmed {
            Some(tags) => observed(target, tags),
            None => tagged(aws, target).await?,
        };
        Ok((asked.address.clone(), object))
    }))
    .await
}

/// These, by their ids, each with its tags.
pub(super) async fn with_tags(aws: &Aws, ids: &[String]) -> Result<Vec<Observed>, CloudError> {
    let targets = described(aws, ids).await?;
    try_join_all(targets.iter().map(|target| tagged(aws, target))).await
}

async fn described(aws: &Aws, ids: &[String]) -> Result<Vec<AwsScalableTarget>, CloudError> {
    let calls = ids.chunks(AT_ONCE).map(|ids| async move {
        let page = aws
            .clients
            .scaling()
            .describe_scalable_targets()
            .service_namespace(NAMESPACE)
            .scalable_dimension(DIMENSION)
            .set_resource_ids(Some(ids.to_vec()))
            .send()
            .await
            .during(&aws.scope, "application-autoscaling:DescribeScalableTargets", &ids.join(", "))?;
        Ok::<_, CloudError>(page.scalable_targets.unwrap_or_default())
    });
    Ok(try_join_all(calls).await?.into_iter().flatten().collect())
}

/// Its tags are asked for apart.
async fn tagged(aws: &Aws, target: &AwsScalableTarget) -> Result<Observed, CloudError> {
    let tags = match target.scalable_target_arn() {
        Some(arn) => tags(aws, arn).await?,
        None => Tags::default(),
    };
    Ok(observed(target, tags))
}

async fn tags(aws: &Aws, arn: &str) -> Result<Tags, CloudError> {
    let listed = aws
        .clients
        .scaling()
        .list_tags_for_resource()
        .resource_arn(arn)
        .send()
        .await
        .during(&aws.scope, "application-autoscaling:ListTagsForResource", arn)
        .or_absent()?;
    Ok(Tags::observed(listed.and_then(|listed| listed.tags).unwrap_or_default()))
}

fn observed(target: &AwsScalableTarget, tags: Tags) -> Observed {
    let id = target.resource_id();
    let (cluster, service) =
        id.strip_prefix("service/").and_then(|id| id.split_once('/')).unwrap_or_default();
    let suspended = target.suspended_state();
    let is = |state: fn(&SuspendedState) -> Option<bool>| Some(suspended.and_then(state).unwrap_or_default());
    let spec = ScalableTarget {
        cluster: cluster.to_owned(),
        service: service.to_owned(),
        min: unsigned(Some(target.min_capacity())),
        max: unsigned(Some(target.max_capacity())),
        scheduled: Vec::new(),
        suspended: Suspended {
            scale_in: is(SuspendedState::dynamic_scaling_in_suspended),
            scale_out: is(SuspendedState::dynamic_scaling_out_suspended),
            scheduled: is(SuspendedState::scheduled_scaling_suspended),
        },
        tags,
    };
    standing(spec, id, [("arn", target.scalable_target_arn())])
}

async fn find(aws: &Aws, id: &str) -> Result<Option<Observed>, CloudError> {
    match described(aws, &[id.to_owned()]).await?.first() {
        Some(target) => tagged(aws, target).await.map(Some),
        None => Ok(None),
    }
}

/// What the file says of suspension; the rest stays as it is.
fn suspended_state(suspended: Suspended) -> Option<SuspendedState> {
    let Suspended { scale_in, scale_out, scheduled } = suspended;
    (scale_in.is_some() || scale_out.is_some() || scheduled.is_some()).then(|| {
        SuspendedState::builder()
            .set_dynamic_scaling_in_suspended(scale_in)
            .set_dynamic_scaling_out_suspended(scale_out)
            .set_scheduled_scaling_suspended(scheduled)
            .build()
    })
}

impl Lifecycle for ScalableTarget {
    async fn create(&self, aws: &Aws, token: &str, progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let id = self.resource_id();
        if let Some(found) = find(aws, &id).await? {
            return ours(found, &self.tags, REGISTER);
        }
        let registered = while_busy(progress, BUSY_FOR, || async {
            aws.clients
                .scaling()
                .register_scalable_target()
                .service_namespace(NAMESPACE)
                .scalable_dimension(DIMENSION)
                .resource_id(&id)
                .min_capacity(signed(self.min))
                .max_capacity(signed(self.max))
                .set_suspended_state(suspended_state(self.suspended))
                .set_tags(Some(tags_of(&self.tags, token).into_iter().collect()))
                .send()
                .await
                .during(&aws.scope, REGISTER, &id)
        })
        .await;
        if let Err(error) = registered {
            // Done before and not answered, it is refused once more: AWS takes tags for a new one only.
            return match find(aws, &id).await? {
                Some(found) => ours(found, &self.tags, REGISTER),
                None => Err(error),
            };
        }
        find(aws, &id).await?.ok_or_else(|| incomplete(REGISTER, &id, "scalable target"))
    }

    /// Registering again merges: what is not said stays, so that bounds that a
    /// schedule set are not touched.
    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        let suspended =
            changes.below("suspended.").next().is_some().then(|| suspended_state(self.suspended)).flatten();
        if changes.any(&["min", "max"]) || suspended.is_some() {
            while_busy(progress, BUSY_FOR, || async {
                aws.clients
                    .scaling()
                    .register_scalable_target()
                    .service_namespace(NAMESPACE)
                    .scalable_dimension(DIMENSION)
                    .resource_id(&object.id)
                    .set_min_capacity(changes.when("min", signed(self.min)))
                    .set_max_capacity(changes.when("max", signed(self.max)))
                    .set_suspended_state(suspended.clone())
                    .send()
                    .await
                    .during(&aws.scope, REGISTER, &object.id)
            })
            .await?;
        }
        let arn = object.attribute("arn").unwrap_or_default();
        let set = changes.tags_set(&self.tags);
        if !set.is_empty() {
            aws.clients
                .scaling()
                .tag_resource()
                .resource_arn(arn)
                .set_tags(Some(set.into_iter().collect()))
                .send()
                .await
                .during(&aws.scope, "application-autoscaling:TagResource", arn)?;
        }
        let removed = changes.tags_removed(&self.tags);
        if !removed.is_empty() {
            aws.clients
                .scaling()
                .untag_resource()
                .resource_arn(arn)
                .set_tag_keys(Some(removed))
                .send()
                .await
                .during(&aws.scope, "application-autoscaling:UntagResource", arn)?;
        }
        Ok(standing(self.clone(), &object.id, [("arn", object.attribute("arn"))]))
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        while_busy(progress, BUSY_FOR, || async {
            aws.clients
                .scaling()
                .deregister_scalable_target()
                .service_namespace(NAMESPACE)
                .scalable_dimension(DIMENSION)
                .resource_id(id)
                .send()
                .await
                .during(&aws.scope, "application-autoscaling:DeregisterScalableTarget", id)
                .or_absent()
        })
        .await
        .map(|_| ())
    }
}
