use std::time::Duration;

use aws_sdk_elasticache::types::AutomaticFailoverStatus;
use pointsman_core::resource::{AUTH_TAG, Observed, Readiness, ReplicationGroup, Transit};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{
    Changes, Lifecycle, all_known, cache_tags,
    elb::signed,
    known, ours, replication_group_access,
    replication_group_state::{DESCRIBE, KIND, Standing, described, find},
    standing, tags_of,
};
use crate::{
    aws::Aws,
    error::{Absent, During, exists_already, failure, incomplete},
    secret_value::SecretValue,
    wait::{Pauses, Progress, while_busy},
};

/// AWS's own words: a group can take this long to be made or to go.
pub(super) const READY_WITHIN: Duration = Duration::from_secs(60 * 60);

async fn make(aws: &Aws, spec: &ReplicationGroup, token: &str) -> Result<(), CloudError> {
    let operation = "elasticache:CreateReplicationGroup";
    let ReplicationGroup {
        name,
        description,
        engine,
        engine_version,
        node_type,
        nodes,
        parameter_group,
        subnet_group,
        security_groups,
        port,
        at_rest,
        in_transit,
        auth_token,
        maintenance_window,
        tags,
    } = spec;
    let mut tags = tags_of(tags, token);
    let mut value = None;
    if let Some(wanted) = auth_token {
        value = Some(SecretValue::of_token(aws, wanted).await?);
        tags.push((AUTH_TAG.to_owned(), known(&wanted.version, operation)?.to_owned()));
    }
    aws.clients
        .cache()
        .create_replication_group()
        .replication_group_id(name)
        .replication_group_description(description)
        .engine(engine)
        .engine_version(engine_version)
        .cache_node_type(node_type)
        .num_cache_clusters(signed(*nodes))
        .automatic_failover_enabled(*nodes > 1)
        .multi_az_enabled(*nodes > 1)
        .cache_parameter_group_name(known(parameter_group, operation)?)
        .cache_subnet_group_name(known(subnet_group, operation)?)
        .set_security_group_ids(Some(all_known(security_groups, operation)?))
        .port((*port).into())
        .at_rest_encryption_enabled(*at_rest)
        .transit_encryption_enabled(*in_transit != Transit::Off)
        .set_auth_token(value.map(|value| value.reveal().to_owned()))
        .set_preferred_maintenance_window(maintenance_window.clone())
        .set_tags(Some(cache_tags::list(tags)))
        .send()
        .await
        .during(&aws.scope, operation, name)?;
    Ok(())
}

/// Waits until the group can be worked with, or `None` when it is gone.
pub(super) async fn until_available(
    aws: &Aws,
    spec: &ReplicationGroup,
    name: &str,
    progress: &Progress<'_>,
) -> Result<Option<Observed>, CloudError> {
    let mut pauses = Pauses::within(READY_WITHIN);
    let mut told = String::new();
    loop {
        let Some(Standing { observed, status }) = find(aws, name, spec).await? else {
            return Ok(None);
        };
        match &observed.readiness {
            Readiness::Ready => return Ok(Some(observed)),
            Readiness::Failed(why) => {
                let help = "look for its events with `aws elasticache describe-events`, and run it again";
                let help = Some(format!("{help} ({})", aws.scope.cli_options()));
                return Err(failure(CloudErrorKind::Failed, DESCRIBE, name, why.clone(), help));
            }
            Readiness::Pending(_) => {
                if status != told {
                    progress.say(&*status);
                }
                told = status;
                pauses.pause(DESCRIBE, name, &told).await?;
            }
        }
    }
}

/// One change; AWS takes one at a time, and only when the last is done.
async fn modify(
    aws: &Aws,
    spec: &ReplicationGroup,
    id: &str,
    changes: &Changes<'_>,
    progress: &Progress<'_>,
) -> Result<(), CloudError> {
    let operation = "elasticache:ModifyReplicationGroup";
    let parameter_group = match changes.when("parameter_group", &spec.parameter_group) {
        Some(link) => Some(known(link, operation)?.to_owned()),
        None => None,
    };
    let groups = match changes.when("security_groups", &spec.security_groups) {
        Some(links) => Some(all_known(links, operation)?),
        None => None,
    };
    while_busy(progress, READY_WITHIN, || async {
        aws.clients
            .cache()
            .modify_replication_group()
            .replication_group_id(id)
            .apply_immediately(true)
            .set_replication_group_description(changes.when("description", spec.description.clone()))
            .set_engine_version(changes.when("engine_version", spec.engine_version.clone()))
            .set_cache_node_type(changes.when("node_type", spec.node_type.clone()))
            .set_cache_parameter_group_name(parameter_group.clone())
            .set_security_group_ids(groups.clone())
            .set_preferred_maintenance_window(
                changes.when("maintenance_window", spec.maintenance_window.clone()).flatten(),
            )
            .send()
            .await
            .during(&aws.scope, operation, id)
    })
    .await
    .map(|_| ())
}

/// More or fewer nodes; only several can fail over.
async fn resize(
    aws: &Aws,
    spec: &ReplicationGroup,
    id: &str,
    progress: &Progress<'_>,
) -> Result<(), CloudError> {
    let group = described(aws, id).await?.ok_or_else(|| incomplete(DESCRIBE, id, "group under this name"))?;
    let now = u32::try_from(group.member_clusters().len()).unwrap_or(u32::MAX);
    let replicas = signed(spec.nodes.saturating_sub(1));
    let cache = aws.clients.cache();
    if spec.nodes == 1 && group.automatic_failover() == Some(&AutomaticFailoverStatus::Enabled) {
        set_failover(aws, id, false, progress).await?;
        until_available(aws, spec, id, progress).await?;
    }
    if spec.nodes > now {
        let operation = "elasticache:IncreaseReplicaCount";
        while_busy(progress, READY_WITHIN, || async {
            let increase = cache.increase_replica_count().replication_group_id(id);
            let increase = increase.new_replica_count(replicas).apply_immediately(true);
            increase.send().await.during(&aws.scope, operation, id)
        })
        .await?;
    } else if spec.nodes < now {
        let operation = "elasticache:DecreaseReplicaCount";
        while_busy(progress, READY_WITHIN, || async {
            let decrease = cache.decrease_replica_count().replication_group_id(id);
            let decrease = decrease.new_replica_count(replicas).apply_immediately(true);
            decrease.send().await.during(&aws.scope, operation, id)
        })
        .await?;
    }
    if spec.nodes > 1 && group.automatic_failover() != Some(&AutomaticFailoverStatus::Enabled) {
        until_available(aws, spec, id, progress).await?;
        set_failover(aws, id, true, progress).await?;
    }
    Ok(())
}

async fn set_failover(aws: &Aws, id: &str, enabled: bool, progress: &Progress<'_>) -> Result<(), CloudError> {
    let operation = "elasticache:ModifyReplicationGroup";
    while_busy(progress, READY_WITHIN, || async {
        aws.clients
            .cache()
            .modify_replication_group()
            .replication_group_id(id)
            .apply_immediately(true)
            .automatic_failover_enabled(enabled)
            .multi_az_enabled(enabled)
            .send()
            .await
            .during(&aws.scope, operation, id)
    })
    .await
    .map(|_| ())
}

impl Lifecycle for ReplicationGroup {
    async fn create(&self, aws: &Aws, token: &str, progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let operation = "elasticache:CreateReplicationGroup";
        let mut pauses = Pauses::within(READY_WITHIN);
        loop {
            match find(aws, &self.name, self).await? {
                Some(found) if found.is_going() => {
                    let says = "its predecessor of the same name is being deleted";
                    progress.say(says);
                    pauses.pause(operation, &self.name, says).await?;
                }
                Some(found) => {
                    let found = ours(found.observed, &self.tags, operation)?;
                    if !matches!(found.readiness, Readiness::Failed(_)) {
                        return Ok(found);
                    }
                    // Its name is taken until it is gone.
                    self.delete(aws, &found.id, progress).await?;
                }
                None => match make(aws, self, token).await {
                    Err(error) if exists_already(&error) => {
                        pauses.pause(operation, &self.name, &error.message).await?;
                    }
                    other => {
                        other?;
                        break;
                    }
                },
            }
        }
        let arn = cache_tags::arn(aws, KIND, &self.name);
        let mut made = standing(self.clone(), &self.name, [("arn", Some(arn.as_str()))]);
        made.readiness = Readiness::Pending("creating".to_owned());
        Ok(made)
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        let id = &object.id;
        let fields = [
            "description",
            "engine_version",
            "node_type",
            "parameter_group",
            "security_groups",
            "maintenance_window",
        ];
        if changes.any(&fields) {
            modify(aws, self, id, changes, progress).await?;
        }
        if changes.any(&["nodes"]) {
            until_available(aws, self, id, progress).await?;
            resize(aws, self, id, progress).await?;
        }
        if changes.any(&["in_transit", "auth_token"]) {
            replication_group_access::change(aws, self, id, progress).await?;
        }
        cache_tags::update(aws, &cache_tags::arn(aws, KIND, id), changes, &self.tags).await?;
        let resource = self.clone().into();
        let readiness = if changes.only_tags() {
            object.readiness.clone()
        } else {
            Readiness::Pending("modifying".to_owned())
        };
        Ok(Observed { resource, owner: self.tags.owner(), readiness, ..object.clone() })
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        let operation = "elasticache:DeleteReplicationGroup";
        let group = described(aws, id).await?;
        if group.is_some_and(|group| group.status() != Some("deleting")) {
            while_busy(progress, READY_WITHIN, || async {
                aws.clients
                    .cache()
                    .delete_replication_group()
                    .replication_group_id(id)
                    .retain_primary_cluster(false)
                    .send()
                    .await
                    .during(&aws.scope, operation, id)
                    .or_absent()
            })
            .await?;
        }
        let mut pauses = Pauses::within(READY_WITHIN);
        let mut told = String::new();
        while let Some(group) = described(aws, id).await? {
            let status = group.status().unwrap_or_default();
            if status != told {
                progress.say(status);
                status.clone_into(&mut told);
            }
            pauses.pause(operation, id, &told).await?;
        }
        Ok(())
    }

    async fn settle(
        &self,
        aws: &Aws,
        object: &Observed,
        progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        until_available(aws, self, &object.id, progress).await?.ok_or_else(|| {
            failure(CloudErrorKind::Failed, DESCRIBE, &object.id, "the group is not there any more", None)
        })
    }
}
