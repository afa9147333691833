use std::time::Duration;

use aws_sdk_cloudwatchlogs::types::LogGroup as LogsLogGroup;
use futures::{FutureExt, future::try_join_all};
use pointsman_core::resource::{LogGroup, Observed, Tags};
use pointsman_engine::ports::CloudError;

use super::{
    Asked, Changes, Found, Lifecycle,
    asked::names,
    ours, standing,
    tag_index::{AllTags, Index},
    tags_of,
};
use crate::{
    aws::Aws,
    error::{Absent, During, exists_already},
    wait::{Progress, while_busy},
};

/// Its name is its id: the group and its tags are asked for side by side.
pub(super) async fn observe(
    aws: &Aws,
    asked: &[Asked<'_, LogGroup>],
    index: &Index<'_>,
) -> Result<Found, CloudError> {
    let each = asked.iter().map(|asked| async move {
        for name in names(asked, &asked.spec.name) {
            let confirmable = asked.confirmable(name, &asked.spec.tags);
            let arn = arn(aws, name);
            let tags = index.tags(&arn, confirmable, tags(aws, name)).boxed();
            if let Some(found) = with_tags(aws, name, tags).await? {
                return Ok(Some((asked.address.clone(), found)));
            }
        }
        Ok(None)
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

async fn find(aws: &Aws, name: &str) -> Result<Option<Observed>, CloudError> {
    with_tags(aws, name, tags(aws, name)).await
}

async fn with_tags(
    aws: &Aws,
    name: &str,
    tags: impl Future<Output = Result<Option<AllTags>, CloudError>>,
) -> Result<Option<Observed>, CloudError> {
    let (group, tags) = futures::try_join!(described(aws, name), tags)?;
    Ok(group.map(|group| {
        let spec = LogGroup {
            name: name.to_owned(),
            retention_days: group.retention_in_days(),
            tags: Tags::observed(tags.unwrap_or_default()),
        };
        standing(spec, name, [("arn", Some(arn(aws, name).as_str()))])
    }))
}

async fn described(aws: &Aws, name: &str) -> Result<Option<LogsLogGroup>, CloudError> {
    let page = aws.clients.logs().describe_log_groups().log_group_name_prefix(name).send().await.during(
        &aws.scope,
        "logs:DescribeLogGroups",
        name,
    )?;
    // Sorted by name: the one that is the whole prefix comes first.
    Ok(page.log_groups.unwrap_or_default().into_iter().find(|group| group.log_group_name() == Some(name)))
}

async fn tags(aws: &Aws, name: &str) -> Result<Option<AllTags>, CloudError> {
    Ok(aws
        .clients
        .logs()
        .list_tags_for_resource()
        .resource_arn(arn(aws, name))
        .send()
        .await
        .during(&aws.scope, "logs:ListTagsForResource", name)
        .or_absent()?
        .map(|answer| answer.tags.unwrap_or_default().into_iter().collect()))
}

fn arn(aws: &Aws, name: &str) -> String {
    aws.scope.arn("logs", &format!("log-group:{name}"))
}

async fn set_retention(aws: &Aws, name: &str, days: Option<i32>) -> Result<(), CloudError> {
    let logs = aws.clients.logs();
    match days {
        Some(days) => {
            logs.put_retention_policy().log_group_name(name).retention_in_days(days).send().await.during(
                &aws.scope,
                "logs:PutRetentionPolicy",
                name,
            )?;
        }
        None => {
            logs.delete_retention_policy().log_group_name(name).send().await.during(
                &aws.scope,
                "logs:DeleteRetentionPolicy",
                name,
            )?;
        }
    }
    Ok(())
}

impl Lifecycle for LogGroup {
    async fn create(&self, aws: &Aws, token: &str, _progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let operation = "logs:CreateLogGroup";
        if let Some(found) = find(aws, &self.name).await? {
            ours(found, &self.tags, operation)?;
        } else {
            let made = aws
                .clients
                .logs()
                .create_log_group()
                .log_group_name(&self.name)
                .set_tags(Some(tags_of(&self.tags, token).into_iter().collect()))
                .send()
                .await
                .during(&aws.scope, operation, &self.name);
            match made {
                Err(error) if exists_already(&error) => {
                    if let Some(found) = find(aws, &self.name).await? {
                        ours(found, &self.tags, operation)?;
                    }
                }
                other => {
                    other?;
                }
            }
        }
        if self.retention_days.is_some() {
            set_retention(aws, &self.name, self.retention_days).await?;
        }
        Ok(standing(self.clone(), &self.name, [("arn", Some(arn(aws, &self.name).as_str()))]))
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        _progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        let arn = arn(aws, &object.id);
        if changes.any(&["retention_days"]) {
            set_retention(aws, &object.id, self.retention_days).await?;
        }
        let set = changes.tags_set(&self.tags);
        if !set.is_empty() {
            aws.clients
                .logs()
                .tag_resource()
                .resource_arn(&arn)
                .set_tags(Some(set.into_iter().collect()))
                .send()
                .await
                .during(&aws.scope, "logs:TagResource", &object.id)?;
        }
        let removed = changes.tags_removed(&self.tags);
        if !removed.is_empty() {
            aws.clients
                .logs()
                .untag_resource()
                .resource_arn(&arn)
                .set_tag_keys(Some(removed))
                .send()
                .await
                .during(&aws.scope, "logs:UntagResource", &object.id)?;
        }
        Ok(standing(self.clone(), &object.id, [("arn", Some(arn.as_str()))]))
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        while_busy(progress, Duration::from_secs(60), || async {
            aws.clients
                .logs()
                .delete_log_group()
                .log_group_name(id)
                .send()
                .await
                .during(&aws.scope, "logs:DeleteLogGroup", id)
                .or_absent()
        })
        .await
        .map(|_| ())
    }
}
