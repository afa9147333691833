use std::{collections::BTreeMap, time::Duration};

use aws_sdk_s3::{
    error::BuildError,
    types::{
        BucketLocationConstraint, CreateBucketConfiguration, ObjectOwnership, PublicAccessBlockConfiguration,
        Tag, Tagging,
    },
};
use futures::future::{BoxFuture, try_join_all};
use pointsman_core::resource::{Bucket, Observed, Resource, Spec, Tags};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{
    Asked, Changes, Found, Lifecycle, asked::names, bucket_settings as settings, ours, standing, tags_of,
};
use crate::{
    aws::Aws,
    error::{Absent, During, exists_already, failure, incomplete},
    help,
    wait::{Progress, while_busy},
};

/// S3 ends what it does to a bucket within this time.
const LET_GO: Duration = Duration::from_secs(120);

/// Its name is its id.
pub(super) async fn observe(aws: &Aws, asked: &[Asked<'_, Bucket>]) -> Result<Found, CloudError> {
    let each = asked.iter().map(|asked| async move {
        for name in names(asked, &asked.spec.name) {
            if let Some(found) = find(aws, name).await? {
                return Ok(Some((asked.address.clone(), found)));
            }
        }
        Ok(None)
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

/// Every setting is a call of its own; all are made side by side. A bucket
/// always answers for its versions: that one tells whether it is there.
fn find<'a>(aws: &'a Aws, name: &'a str) -> BoxFuture<'a, Result<Option<Observed>, CloudError>> {
    Box::pin(look(aws, name))
}

async fn look(aws: &Aws, name: &str) -> Result<Option<Observed>, CloudError> {
    let s3 = aws.clients.s3();
    let (versions, tags, access, ownership, encryption, lifecycle) = futures::join!(
        s3.get_bucket_versioning().bucket(name).send(),
        tags(aws, name),
        s3.get_public_access_block().bucket(name).send(),
        s3.get_bucket_ownership_controls().bucket(name).send(),
        s3.get_bucket_encryption().bucket(name).send(),
        s3.get_bucket_lifecycle_configuration().bucket(name).send(),
    );
    let Some(versions) = versions.during(&aws.scope, "s3:GetBucketVersioning", name).or_absent()? else {
        return Ok(None);
    };
    let access = access.during(&aws.scope, "s3:GetBucketPublicAccessBlock", name).or_absent()?;
    let ownership = ownership.during(&aws.scope, "s3:GetBucketOwnershipControls", name).or_absent()?;
    let encryption = encryption.during(&aws.scope, "s3:GetEncryptionConfiguration", name).or_absent()?;
    let lifecycle = lifecycle.during(&aws.scope, "s3:GetLifecycleConfiguration", name).or_absent()?;
    let lifecycle = settings::lifecycle(&lifecycle.and_then(|found| found.rules).unwrap_or_default());
    let spec = Bucket {
        name: name.to_owned(),
        public_access_blocked: access
            .and_then(|found| found.public_access_block_configuration)
            .is_some_and(|access| is_blocked(&access)),
        ownership: ownership
            .and_then(|found| found.ownership_controls)
            .and_then(|controls| Some(controls.rules.first()?.object_ownership.as_str().to_owned()))
            .unwrap_or_default(),
        versioned: settings::is_versioned(versions.status.as_ref()),
        encryption: settings::encryption(
            encryption.and_then(|found| found.server_side_encryption_configuration).as_ref(),
        ),
        expire_after: lifecycle.expire_after,
        noncurrent_expire_after: lifecycle.noncurrent_expire_after,
        other_rules: lifecycle.other_rules,
        tags: Tags::observed(tags?.unwrap_or_default()),
    };
    Ok(Some(stands(aws, spec)))
}

fn stands(aws: &Aws, spec: Bucket) -> Observed {
    let name = spec.name.clone();
    let arn = format!("arn:{}:s3:::{name}", aws.scope.partition());
    let suffix = if aws.scope.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    let domain = format!("{name}.s3.{}.{suffix}", aws.scope.region);
    let attributes =
        [("name", Some(name.as_str())), ("arn", Some(arn.as_str())), ("domain_name", Some(domain.as_str()))];
    standing(spec, &name, attributes)
}

/// With the token, which no spec has: S3 sets all tags at once.
async fn tags(aws: &Aws, name: &str) -> Result<Option<BTreeMap<String, String>>, CloudError> {
    let asked = aws.clients.s3().get_bucket_tagging().bucket(name).send().await;
    let found = asked.during(&aws.scope, "s3:GetBucketTagging", name).or_absent()?;
    Ok(found.map(|found| found.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect()))
}

fn tag_list(
    tags: impl IntoIterator<Item = (String, String)>,
    operation: &'static str,
    name: &str,
) -> Result<Vec<Tag>, CloudError> {
    tags.into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<_, _>>()
        .map_err(|error| unbuilt(operation, name, &error))
}

/// Something that the SDK wants and we left out: a mistake of ours.
pub(super) fn unbuilt(operation: &'static str, name: &str, error: &BuildError) -> CloudError {
    failure(CloudErrorKind::Refused, operation, name, error.to_string(), None)
}

fn is_blocked(access: &PublicAccessBlockConfiguration) -> bool {
    [
        access.block_public_acls,
        access.ignore_public_acls,
        access.block_public_policy,
        access.restrict_public_buckets,
    ]
    .iter()
    .all(|blocked| *blocked == Some(true))
}

/// Makes it with its tags; `None` when an earlier try made it.
async fn make(
    aws: &Aws,
    spec: &Bucket,
    token: &str,
    progress: &Progress<'_>,
) -> Result<Option<()>, CloudError> {
    let operation = "s3:CreateBucket";
    // S3 refuses its first region as a place.
    let place =
        (aws.scope.region != "us-east-1").then(|| BucketLocationConstraint::from(aws.scope.region.as_str()));
    let configuration = CreateBucketConfiguration::builder()
        .set_location_constraint(place)
        .set_tags(Some(tag_list(tags_of(&spec.tags, token), operation, &spec.name)?))
        .build();
    let made = while_busy(progress, LET_GO, || async {
        aws.clients
            .s3()
            .create_bucket()
            .bucket(&spec.name)
            .object_ownership(ObjectOwnership::from(spec.ownership.as_str()))
            .create_bucket_configuration(configuration.clone())
            .send()
            .await
            .during(&aws.scope, operation, &spec.name)
    })
    .await;
    match made {
        Ok(_) => Ok(Some(())),
        Err(error) if exists_already(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn block_public_access(aws: &Aws, name: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
    let blocked = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build();
    while_busy(progress, LET_GO, || async {
        aws.clients
            .s3()
            .put_public_access_block()
            .bucket(name)
            .public_access_block_configuration(blocked.clone())
            .send()
            .await
            .during(&aws.scope, "s3:PutBucketPublicAccessBlock", name)
    })
    .await
    .map(|_| ())
}

/// One setting after the other: S3 takes no two changes of a bucket at once.
async fn bring(
    aws: &Aws,
    spec: &Bucket,
    changes: &Changes<'_>,
    progress: &Progress<'_>,
) -> Result<(), CloudError> {
    if changes.any(&["public_access_blocked"]) {
        block_public_access(aws, &spec.name, progress).await?;
    }
    settings::bring(aws, spec, changes, progress).await?;
    let set = changes.tags_set(&spec.tags);
    let removed = changes.tags_removed(&spec.tags);
    if !set.is_empty() || !removed.is_empty() {
        let operation = "s3:PutBucketTagging";
        let mut all = tags(aws, &spec.name).await?.unwrap_or_default();
        all.retain(|key, _| !removed.contains(key) && !key.starts_with("aws:"));
        all.extend(set);
        let all = Tagging::builder()
            .set_tag_set(Some(tag_list(all, operation, &spec.name)?))
            .build()
            .map_err(|error| unbuilt(operation, &spec.name, &error))?;
        while_busy(progress, LET_GO, || async {
            let put = aws.clients.s3().put_bucket_tagging().bucket(&spec.name).tagging(all.clone());
            put.send().await.during(&aws.scope, operation, &spec.name)
        })
        .await?;
    }
    Ok(())
}

impl Lifecycle for Bucket {
    async fn create(&self, aws: &Aws, token: &str, progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let operation = "s3:CreateBucket";
        let found = match find(aws, &self.name).await? {
            Some(found) => Some(found),
            None => match make(aws, self, token, progress).await? {
                Some(()) => None,
                None => {
                    let found = find(aws, &self.name).await?;
                    Some(found.ok_or_else(|| incomplete(operation, &self.name, "bucket under this name"))?)
                }
            },
        };
        let is = match found {
            Some(found) => ours(found, &self.tags, operation)?.resource,
            // Whether new buckets are closed is the account's own setting.
            None => Self {
                public_access_blocked: false,
                versioned: false,
                encryption: settings::S3.to_owned(),
                expire_after: None,
                noncurrent_expire_after: None,
                ..self.clone()
            }
            .into(),
        };
        bring(aws, self, &Changes::new(&differing(&is, self), token), progress).await?;
        Ok(stands(aws, self.clone()))
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        let spec = Self { name: object.id.clone(), ..self.clone() };
        bring(aws, &spec, changes, progress).await?;
        Ok(stands(aws, spec))
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        while_busy(progress, LET_GO, || async {
            aws.clients
                .s3()
                .delete_bucket()
                .bucket(id)
                .send()
                .await
                .during(&aws.scope, "s3:DeleteBucket", id)
                .or_absent()
        })
        .await
        .map(|_| ())
        .map_err(|mut error| {
            if error.code.as_deref() == Some("BucketNotEmpty") {
                error.help = Some(help::bucket_not_empty(id, &aws.scope));
            }
            error
        })
    }
}

/// The fields, tags aside, in which what is differs from what should be.
fn differing(is: &Resource, wanted: &Bucket) -> Vec<String> {
    let is = is.spec().fields();
    wanted
        .fields()
        .into_iter()
        .filter(|field| !field.name.starts_with("tags."))
        .filter(|field| is.iter().any(|other| other.name == field.name && other.value != field.value))
        .map(|field| field.name)
        .collect()
}
