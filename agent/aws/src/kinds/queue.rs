use std::{collections::HashMap, time::Duration};

use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use futures::future::try_join_all;
use pointsman_core::resource::{DeadLetter, Link, Observed, Queue, Resource, Tags};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{Asked, Changes, Found, Lifecycle, known, ours, standing, tags_of};
use crate::{
    aws::Aws,
    error::{Absent, During, exists_already, incomplete},
    wait::{Pauses, Progress, while_busy},
};

/// SQS keeps a deleted queue's name to itself for 60 s, and the queue itself
/// may answer as long.
const LET_GO: Duration = Duration::from_secs(90);

/// SQS says that changes are seen everywhere within a minute.
const SEEN: Duration = Duration::from_secs(60);

/// Its URL is its id: attributes and tags are asked for side by side. Without
/// a record, its name is asked for its URL first.
pub(super) async fn observe(aws: &Aws, asked: &[Asked<'_, Queue>]) -> Result<Found, CloudError> {
    let each = asked.iter().map(|asked| async move {
        let mut found = match asked.id {
            Some(url) => find(aws, url).await?,
            None => None,
        };
        if found.is_none() && asked.by_name {
            found = by_name(aws, &asked.spec.name).await?;
        }
        Ok(found.map(|found| (asked.address.clone(), found)))
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

async fn by_name(aws: &Aws, name: &str) -> Result<Option<Observed>, CloudError> {
    let operation = "sqs:GetQueueUrl";
    let asked = aws.clients.sqs().get_queue_url().queue_name(name).send().await;
    match asked.during(&aws.scope, operation, name).or_absent()? {
        Some(found) => {
            let url = found.queue_url.ok_or_else(|| incomplete(operation, name, "queue URL"))?;
            find(aws, &url).await
        }
        None => Ok(None),
    }
}

async fn find(aws: &Aws, url: &str) -> Result<Option<Observed>, CloudError> {
    let sqs = aws.clients.sqs();
    let (attributes, tags) = futures::join!(
        sqs.get_queue_attributes().queue_url(url).attribute_names(Attribute::All).send(),
        sqs.list_queue_tags().queue_url(url).send(),
    );
    let attributes = attributes.during(&aws.scope, "sqs:GetQueueAttributes", url).or_absent()?;
    let tags = tags.during(&aws.scope, "sqs:ListQueueTags", url).or_absent()?;
    let (Some(attributes), Some(tags)) = (attributes, tags) else {
        return Ok(None);
    };
    let tags = Tags::observed(tags.tags.unwrap_or_default());
    Ok(Some(observed(url, &attributes.attributes.unwrap_or_default(), tags)))
}

fn observed(url: &str, attributes: &HashMap<Attribute, String>, tags: Tags) -> Observed {
    let text = |name: &Attribute| attributes.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let number = |name| text(&name).and_then(|text| text.parse().ok()).unwrap_or_default();
    let is_true = |name| text(&name) == Some("true");
    let arn = text(&Attribute::QueueArn);
    let name = url.rsplit('/').next().unwrap_or(url);
    let sqs_managed = is_true(Attribute::SqsManagedSseEnabled).then(|| "sqs".to_owned());
    let spec = Queue {
        name: name.to_owned(),
        fifo: is_true(Attribute::FifoQueue),
        content_deduplication: is_true(Attribute::ContentBasedDeduplication),
        visibility_timeout: number(Attribute::VisibilityTimeout),
        retention: number(Attribute::MessageRetentionPeriod),
        delay: number(Attribute::DelaySeconds),
        max_message_size: number(Attribute::MaximumMessageSize),
        receive_wait: number(Attribute::ReceiveMessageWaitTimeSeconds),
        encryption: text(&Attribute::KmsMasterKeyId).map(ToOwned::to_owned).or(sqs_managed),
        dead_letter: text(&Attribute::RedrivePolicy).and_then(dead_letter),
        tags,
    };
    standing(spec, url, [("url", Some(url)), ("arn", arn), ("name", Some(name))])
}

/// SQS gives the policy back as it was sent, with the number as number or text.
fn dead_letter(policy: &str) -> Option<DeadLetter> {
    let policy: serde_json::Value = serde_json::from_str(policy).ok()?;
    let queue = policy.get("deadLetterTargetArn")?.as_str()?;
    let after = policy.get("maxReceiveCount")?;
    let after = after.as_u64().or_else(|| after.as_str()?.parse().ok())?;
    Some(DeadLetter { queue: Link::Known(queue.to_owned()), after: u32::try_from(after).ok()? })
}

/// A dead-letter policy as SQS reads it; empty takes it away.
fn policy(dead_letter: Option<&DeadLetter>, operation: &'static str) -> Result<String, CloudError> {
    let Some(DeadLetter { queue, after }) = dead_letter else {
        return Ok(String::new());
    };
    let queue = known(queue, operation)?;
    Ok(serde_json::json!({ "deadLetterTargetArn": queue, "maxReceiveCount": after }).to_string())
}

/// An attribute as SQS wants it, and the fields that it is made of.
type Said = (&'static [&'static str], Attribute, String);

/// What of a queue can be changed.
fn attributes(spec: &Queue, operation: &'static str) -> Result<Vec<Said>, CloudError> {
    let Queue {
        name: _,
        fifo,
        content_deduplication,
        visibility_timeout,
        retention,
        delay,
        max_message_size,
        receive_wait,
        encryption,
        dead_letter,
        tags: _,
    } = spec;
    let mut all: Vec<Said> = vec![
        (&["visibility_timeout"], Attribute::VisibilityTimeout, visibility_timeout.to_string()),
        (&["retention"], Attribute::MessageRetentionPeriod, retention.to_string()),
        (&["delay"], Attribute::DelaySeconds, delay.to_string()),
        (&["max_message_size"], Attribute::MaximumMessageSize, max_message_size.to_string()),
        (&["receive_wait"], Attribute::ReceiveMessageWaitTimeSeconds, receive_wait.to_string()),
    ];
    match encryption.as_deref() {
        Some("sqs") => {
            all.push((&["encryption"], Attribute::KmsMasterKeyId, String::new()));
            all.push((&["encryption"], Attribute::SqsManagedSseEnabled, "true".to_owned()));
        }
        Some(key) => all.push((&["encryption"], Attribute::KmsMasterKeyId, key.to_owned())),
        None => all.push((&["encryption"], Attribute::SqsManagedSseEnabled, "false".to_owned())),
    }
    all.push((
        &["dead_letter.queue", "dead_letter.after"],
        Attribute::RedrivePolicy,
        policy(dead_letter.as_ref(), operation)?,
    ));
    if *fifo {
        let deduplicate = content_deduplication.to_string();
        all.push((&["content_deduplication"], Attribute::ContentBasedDeduplication, deduplicate));
    }
    Ok(all)
}

async fn set(aws: &Aws, url: &str, attributes: HashMap<Attribute, String>) -> Result<(), CloudError> {
    if attributes.is_empty() {
        return Ok(());
    }
    let set = aws.clients.sqs().set_queue_attributes().queue_url(url).set_attributes(Some(attributes));
    set.send().await.during(&aws.scope, "sqs:SetQueueAttributes", url).map(|_| ())
}

impl Lifecycle for Queue {
    async fn create(&self, aws: &Aws, token: &str, progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let operation = "sqs:CreateQueue";
        let attributes = attributes(self, operation)?;
        let url = match by_name(aws, &self.name).await? {
            Some(found) => {
                let found = ours(found, &self.tags, operation)?;
                let all = attributes.into_iter().map(|(_, name, value)| (name, value)).collect();
                set(aws, &found.id, all).await?;
                found.id
            }
            None => {
                // SQS makes a queue with what is said, and takes nothing empty then.
                let mut said: HashMap<Attribute, String> = attributes
                    .into_iter()
                    .filter(|(_, _, value)| !value.is_empty())
                    .map(|(_, name, value)| (name, value))
                    .collect();
                if self.fifo {
                    said.insert(Attribute::FifoQueue, "true".to_owned());
                }
                let made = while_busy(progress, LET_GO, || async {
                    aws.clients
                        .sqs()
                        .create_queue()
                        .queue_name(&self.name)
                        .set_attributes(Some(said.clone()))
                        .set_tags(Some(tags_of(&self.tags, token).into_iter().collect()))
                        .send()
                        .await
                        .during(&aws.scope, operation, &self.name)
                })
                .await;
                match made {
                    Ok(made) => made.queue_url,
                    Err(error) if exists_already(&error) => match by_name(aws, &self.name).await? {
                        Some(found) => Some(ours(found, &self.tags, operation)?.id),
                        None => None,
                    },
                    Err(error) => return Err(error),
                }
                .ok_or_else(|| incomplete(operation, &self.name, "queue URL"))?
            }
        };
        Ok(stands(aws, self, &url))
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        _progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        let sqs = aws.clients.sqs();
        let url = object.id.as_str();
        let changed = attributes(self, "sqs:SetQueueAttributes")?
            .into_iter()
            .filter(|(fields, ..)| changes.any(fields))
            .map(|(_, name, value)| (name, value))
            .collect();
        set(aws, url, changed).await?;
        let tags = changes.tags_set(&self.tags);
        if !tags.is_empty() {
            let tag = sqs.tag_queue().queue_url(url).set_tags(Some(tags.into_iter().collect()));
            tag.send().await.during(&aws.scope, "sqs:TagQueue", url)?;
        }
        let removed = changes.tags_removed(&self.tags);
        if !removed.is_empty() {
            let untag = sqs.untag_queue().queue_url(url).set_tag_keys(Some(removed));
            untag.send().await.during(&aws.scope, "sqs:UntagQueue", url)?;
        }
        Ok(stands(aws, self, url))
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        let operation = "sqs:DeleteQueue";
        aws.clients
            .sqs()
            .delete_queue()
            .queue_url(id)
            .send()
            .await
            .during(&aws.scope, operation, id)
            .or_absent()?;
        let mut pauses = Pauses::within(LET_GO);
        while find(aws, id).await?.is_some() {
            let says = "it is deleted, and still answers";
            progress.say(says);
            pauses.pause(operation, id, says).await?;
        }
        Ok(())
    }

    /// Waits until what was said is what is answered: otherwise the next plan
    /// would find differences that nobody made.
    async fn settle(
        &self,
        aws: &Aws,
        object: &Observed,
        progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        let operation = "sqs:GetQueueAttributes";
        let mut pauses = Pauses::within(SEEN);
        loop {
            let last = match find(aws, &object.id).await? {
                Some(found) if is_as_said(self, &found) => return Ok(found),
                Some(_) => "what was changed is not seen yet",
                None => "it is not seen yet",
            };
            progress.say(last);
            match pauses.pause(operation, &object.id, last).await {
                // It was taken: the next plan compares again.
                Err(over) if over.kind == CloudErrorKind::TimedOut => return Ok(object.clone()),
                paused => paused?,
            }
        }
    }
}

/// Whether a queue is what it was made to be, but for tags.
fn is_as_said(said: &Queue, found: &Observed) -> bool {
    let Resource::Queue(found) = &found.resource else {
        return false;
    };
    Queue { tags: said.tags.clone(), ..found.clone() } == *said
}

fn stands(aws: &Aws, spec: &Queue, url: &str) -> Observed {
    let arn = aws.scope.arn("sqs", &spec.name);
    standing(
        spec.clone(),
        url,
        [("url", Some(url)), ("arn", Some(arn.as_str())), ("name", Some(spec.name.as_str()))],
    )
}
