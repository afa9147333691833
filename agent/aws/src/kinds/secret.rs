use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use aws_sdk_secretsmanager::types::Tag;
use futures::future::try_join_all;
use pointsman_core::resource::{COMPOSED_TAG, CacheUrl, Observed, Secret, SecretContent, Tags};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{Asked, Changes, Found, Lifecycle, ours, standing, tags_of};
use crate::{
    aws::Aws,
    error::{Absent, During, exists_already, failure, incomplete},
    secret_value::SecretValue,
    secrets::{Kept, described, name_of, own},
    wait::{Pauses, Progress},
};

/// A secret that was just made or deleted is so everywhere within this time.
const SHOWN_WITHIN: Duration = Duration::from_secs(60);

/// All in one list, which may lag behind by minutes: what is not in it, and what
/// does not look as it should, is asked for by itself.
pub(super) async fn observe(aws: &Aws, asked: &[Asked<'_, Secret>]) -> Result<Found, CloudError> {
    let recorded = asked.iter().filter_map(|asked| asked.id).map(name_of);
    let named = asked.iter().filter(|asked| asked.by_name).map(|asked| asked.spec.name.as_str());
    let names: BTreeSet<String> = recorded.chain(named).map(ToOwned::to_owned).collect();
    let listed = own(aws, &names).await?;
    let each = asked.iter().map(|asked| async {
        let by_id = listed.iter().find(|kept| Some(kept.arn.as_str()) == asked.id);
        let by_name = || listed.iter().find(|kept| asked.by_name && kept.name == asked.spec.name);
        let found = by_id.or_else(by_name);
        let kept = match (found, asked.id) {
            (Some(kept), _) if looks_like(kept, asked.spec) => Some(kept.clone()),
            (Some(kept), _) => described(aws, &kept.arn).await?,
            (None, Some(arn)) => described(aws, arn).await?,
            (None, None) if asked.by_name => described(aws, &asked.spec.name).await?,
            (None, None) => None,
        };
        let kept = kept.filter(|kept| !kept.deleted);
        Ok::<_, CloudError>(kept.map(|kept| (asked.address.clone(), observed(&kept, asked.spec))))
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

fn looks_like(kept: &Kept, spec: &Secret) -> bool {
    kept.description == spec.description
        && spec.tags.iter().all(|(key, value)| kept.tags.get(key).map(String::as_str) == Some(value))
}

/// `like` tells what Secrets Manager does not: how long a new value would be,
/// and how long a deleted one is kept.
fn observed(kept: &Kept, like: &Secret) -> Observed {
    let content = match &like.content {
        SecretContent::Generated { length } => SecretContent::Generated { length: *length },
        SecretContent::CacheUrl(_) | SecretContent::Composed { .. } => {
            SecretContent::Composed { mark: kept.tags.get(COMPOSED_TAG).cloned().unwrap_or_default() }
        }
    };
    let spec = Secret {
        name: kept.name.clone(),
        description: kept.description.clone(),
        content,
        recovery_days: like.recovery_days,
        tags: Tags::observed(kept.tags.clone()),
    };
    let composed = kept.tags.get(COMPOSED_TAG).map(String::as_str);
    let attributes =
        [("arn", Some(kept.arn.as_str())), ("version", kept.version.as_deref()), ("composed_of", composed)];
    standing(spec, &kept.arn, attributes)
}

/// The mark that a composed secret carries beside our tags.
fn mark_of(spec: &Secret) -> Option<(String, String)> {
    match &spec.content {
        SecretContent::CacheUrl(url) => Some((COMPOSED_TAG.to_owned(), url.mark()?)),
        SecretContent::Generated { .. } | SecretContent::Composed { .. } => None,
    }
}

fn tag_list(tags: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

async fn make(aws: &Aws, spec: &Secret, token: &str) -> Result<Kept, CloudError> {
    let operation = "secretsmanager:CreateSecret";
    let Secret { name, description, content, recovery_days: _, tags } = spec;
    let value = match content {
        SecretContent::Generated { length } => SecretValue::generated(aws, *length).await?,
        SecretContent::CacheUrl(url) => SecretValue::of_url(aws, url).await?,
        SecretContent::Composed { .. } => {
            let message = "it is not said what it is composed of";
            return Err(failure(CloudErrorKind::Refused, operation, name, message, None));
        }
    };
    let tags: HashMap<String, String> = tags_of(tags, token).into_iter().chain(mark_of(spec)).collect();
    let made = aws
        .clients
        .secrets()
        .create_secret()
        .name(name)
        .description(description)
        .secret_string(value.reveal())
        .set_tags(Some(tag_list(tags.clone())))
        .send()
        .await
        .during(&aws.scope, operation, name)?;
    Ok(Kept {
        arn: made.arn.ok_or_else(|| incomplete(operation, name, "ARN"))?,
        name: name.clone(),
        description: description.clone(),
        tags,
        version: made.version_id,
        deleted: false,
    })
}

/// Brings one that stands to what it should be; whatever fits is left as it is.
async fn align(
    aws: &Aws,
    spec: &Secret,
    mut kept: Kept,
    tags_removed: Vec<String>,
) -> Result<Observed, CloudError> {
    let secrets = aws.clients.secrets();
    if kept.description != spec.description {
        let operation = "secretsmanager:UpdateSecret";
        let update = secrets.update_secret().secret_id(&kept.arn).description(&spec.description);
        update.send().await.during(&aws.scope, operation, &kept.name)?;
        kept.description.clone_from(&spec.description);
    }
    let own = spec.tags.iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    let set: Vec<(String, String)> =
        own.chain(mark_of(spec)).filter(|(key, value)| kept.tags.get(key) != Some(value)).collect();
    if let SecretContent::CacheUrl(url) = &spec.content
        && set.iter().any(|(key, _)| key == COMPOSED_TAG)
    {
        kept.version = Some(put(aws, &kept, url).await?);
    }
    if !set.is_empty() {
        let operation = "secretsmanager:TagResource";
        let tag = secrets.tag_resource().secret_id(&kept.arn).set_tags(Some(tag_list(set.clone())));
        tag.send().await.during(&aws.scope, operation, &kept.name)?;
        kept.tags.extend(set);
    }
    if !tags_removed.is_empty() {
        let operation = "secretsmanager:UntagResource";
        kept.tags.retain(|key, _| !tags_removed.contains(key));
        let untag = secrets.untag_resource().secret_id(&kept.arn).set_tag_keys(Some(tags_removed));
        untag.send().await.during(&aws.scope, operation, &kept.name)?;
    }
    let mut observed = observed(&kept, spec);
    // What was asked for, not only its mark: the state records from what it is made.
    observed.resource = spec.clone().into();
    Ok(observed)
}

/// Puts a cache's URL in the place of the value; answers the version's id.
async fn put(aws: &Aws, kept: &Kept, url: &CacheUrl) -> Result<String, CloudError> {
    let operation = "secretsmanager:PutSecretValue";
    let value = SecretValue::of_url(aws, url).await?;
    let put = aws
        .clients
        .secrets()
        .put_secret_value()
        .secret_id(&kept.arn)
        .secret_string(value.reveal())
        .send()
        .await
        .during(&aws.scope, operation, &kept.name)?;
    put.version_id.ok_or_else(|| incomplete(operation, &kept.name, "version"))
}

async fn restore(aws: &Aws, kept: &Kept) -> Result<(), CloudError> {
    let operation = "secretsmanager:RestoreSecret";
    aws.clients
        .secrets()
        .restore_secret()
        .secret_id(&kept.arn)
        .send()
        .await
        .during(&aws.scope, operation, &kept.name)?;
    Ok(())
}

/// Whether a name is still taken by one that is deleted.
fn is_going(error: &CloudError) -> bool {
    error.code.as_deref() == Some("InvalidRequestException") && error.message.contains("deletion")
}

impl Lifecycle for Secret {
    /// One that is deleted and can be taken back comes back, with its value.
    async fn create(&self, aws: &Aws, token: &str, progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let operation = "secretsmanager:CreateSecret";
        let mut pauses = Pauses::within(SHOWN_WITHIN);
        loop {
            if let Some(kept) = described(aws, &self.name).await? {
                ours(observed(&kept, self), &self.tags, operation)?;
                if kept.deleted {
                    progress.say("it was deleted, and comes back with its value");
                    restore(aws, &kept).await?;
                }
                return align(aws, self, kept, Vec::new()).await;
            }
            match make(aws, self, token).await {
                Err(error) if exists_already(&error) || is_going(&error) => {
                    pauses.pause(operation, &self.name, &error.message).await?;
                }
                made => return Ok(observed(&made?, self)),
            }
        }
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        _progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        let operation = "secretsmanager:UpdateSecret";
        let kept = described(aws, &object.id).await?;
        let kept = kept.ok_or_else(|| incomplete(operation, &self.name, "secret under this name"))?;
        align(aws, self, kept, changes.tags_removed(&self.tags)).await
    }

    /// It is kept for its recovery window, and never deleted at once.
    async fn delete(&self, aws: &Aws, id: &str, _progress: &Progress<'_>) -> Result<(), CloudError> {
        let deleted = aws
            .clients
            .secrets()
            .delete_secret()
            .secret_id(id)
            .recovery_window_in_days(self.recovery_days.into())
            .send()
            .await
            .during(&aws.scope, "secretsmanager:DeleteSecret", id)
            .or_absent();
        match deleted {
            Err(error) if is_going(&error) => Ok(()),
            deleted => deleted.map(|_| ()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use pointsman_core::resource::{CacheUrl, Link, Resource, Secret, SecretContent, Spec, TOKEN_TAG, Tags};

    use super::{COMPOSED_TAG, Kept, looks_like, observed};

    fn spec(content: SecretContent) -> Secret {
        Secret {
            name: "test/web/secret.key".to_owned(),
            description: "secret.key of test/web".to_owned(),
            content,
            recovery_days: 30,
            tags: Tags::observed([("Team".to_owned(), "web".to_owned())]),
        }
    }

    fn kept(tags: &[(&str, &str)]) -> Kept {
        Kept {
            arn: "arn:aws:secretsmanager:us-east-1:123456789012:secret:test/web/secret.key-AbC123".to_owned(),
            name: "test/web/secret.key".to_owned(),
            description: "secret.key of test/web".to_owned(),
            tags: tags
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect::<HashMap<_, _>>(),
            version: Some("v1".to_owned()),
            deleted: false,
        }
    }

    #[test]
    fn a_value_is_never_compared_and_its_version_is_known() {
        let wanted = spec(SecretContent::Generated { length: 48 });
        let kept = kept(&[("Team", "web"), (TOKEN_TAG, "t")]);
        assert!(looks_like(&kept, &wanted));
        let found = observed(&kept, &spec(SecretContent::Generated { length: 64 }));
        assert_eq!(found.resource.spec().fields(), wanted.fields());
        assert_eq!(found.attribute("version"), Some("v1"));
    }

    #[test]
    fn what_a_url_is_composed_of_is_compared_by_its_mark() {
        let known = |text: &str| Link::Known(text.to_owned());
        let url = CacheUrl { host: known("host"), port: known("6379"), tls: true, token: None };
        let mark = url.mark().unwrap_or_default();
        let wanted = spec(SecretContent::CacheUrl(url));
        let fitting = observed(&kept(&[("Team", "web"), (COMPOSED_TAG, &mark)]), &wanted);
        assert_eq!(fitting.resource.spec().fields(), wanted.fields());
        let Resource::Secret(stale) =
            observed(&kept(&[("Team", "web"), (COMPOSED_TAG, "old")]), &wanted).resource
        else {
            panic!("another kind");
        };
        assert_ne!(stale.fields(), wanted.fields());
    }
}
