//! A bucket's settings, as S3 says and hears them.

use std::time::Duration;

use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketVersioningStatus, ExpirationStatus, LifecycleExpiration,
    LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration, ObjectOwnership, OwnershipControls,
    OwnershipControlsRule, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, VersioningConfiguration,
};
use pointsman_core::resource::Bucket;
use pointsman_engine::ports::CloudError;

use super::{Changes, bucket::unbuilt};
use crate::{
    aws::Aws,
    error::During,
    wait::{Progress, while_busy},
};

/// Encrypted by S3's own keys.
pub(super) const S3: &str = "s3";

/// The one rule that is ours.
const RULE: &str = "pointsman";

/// S3 ends what it does to a bucket within this time.
const LET_GO: Duration = Duration::from_secs(120);

/// What the rules of a bucket come to.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Expiry {
    pub(super) expire_after: Option<i32>,
    pub(super) noncurrent_expire_after: Option<i32>,
    pub(super) other_rules: Vec<String>,
}

pub(super) fn is_versioned(status: Option<&BucketVersioningStatus>) -> bool {
    status == Some(&BucketVersioningStatus::Enabled)
}

/// S3 encrypts with its own keys what nobody said otherwise of.
pub(super) fn encryption(configuration: Option<&ServerSideEncryptionConfiguration>) -> String {
    let Some(default) = configuration
        .and_then(|configuration| configuration.rules().first())
        .and_then(ServerSideEncryptionRule::apply_server_side_encryption_by_default)
    else {
        return S3.to_owned();
    };
    match (default.sse_algorithm(), default.kms_master_key_id()) {
        (ServerSideEncryption::Aes256, _) => S3.to_owned(),
        (ServerSideEncryption::AwsKms, key) => key.unwrap_or("alias/aws/s3").to_owned(),
        (other, key) => format!("{other} {}", key.unwrap_or_default()),
    }
}

pub(super) fn lifecycle(rules: &[LifecycleRule]) -> Expiry {
    let mut expiry = Expiry::default();
    for rule in rules {
        if rule.id() == Some(RULE) && *rule.status() == ExpirationStatus::Enabled {
            expiry.expire_after = rule.expiration().and_then(LifecycleExpiration::days);
            expiry.noncurrent_expire_after =
                rule.noncurrent_version_expiration().and_then(NoncurrentVersionExpiration::noncurrent_days);
        } else {
            expiry.other_rules.push(rule.id().unwrap_or("without a name").to_owned());
        }
    }
    expiry.other_rules.sort();
    expiry
}

pub(super) async fn bring(
    aws: &Aws,
    spec: &Bucket,
    changes: &Changes<'_>,
    progress: &Progress<'_>,
) -> Result<(), CloudError> {
    let name = spec.name.as_str();
    if changes.any(&["ownership"]) {
        set_ownership(aws, spec, progress).await?;
    }
    if changes.any(&["versioned"]) {
        let status =
            if spec.versioned { BucketVersioningStatus::Enabled } else { BucketVersioningStatus::Suspended };
        let versions = VersioningConfiguration::builder().status(status).build();
        while_busy(progress, LET_GO, || async {
            let put = aws.clients.s3().put_bucket_versioning().bucket(name);
            let put = put.versioning_configuration(versions.clone());
            put.send().await.during(&aws.scope, "s3:PutBucketVersioning", name)
        })
        .await?;
    }
    if changes.any(&["encryption"]) {
        set_encryption(aws, spec, progress).await?;
    }
    if changes.any(&["expire_after", "noncurrent_expire_after", "other_rules"]) {
        set_lifecycle(aws, spec, progress).await?;
    }
    Ok(())
}

async fn set_ownership(aws: &Aws, spec: &Bucket, progress: &Progress<'_>) -> Result<(), CloudError> {
    let (name, operation) = (spec.name.as_str(), "s3:PutBucketOwnershipControls");
    let controls = OwnershipControlsRule::builder()
        .object_ownership(ObjectOwnership::from(spec.ownership.as_str()))
        .build()
        .and_then(|rule| OwnershipControls::builder().rules(rule).build())
        .map_err(|error| unbuilt(operation, name, &error))?;
    while_busy(progress, LET_GO, || async {
        let put = aws.clients.s3().put_bucket_ownership_controls().bucket(name);
        put.ownership_controls(controls.clone()).send().await.during(&aws.scope, operation, name)
    })
    .await
    .map(|_| ())
}

async fn set_encryption(aws: &Aws, spec: &Bucket, progress: &Progress<'_>) -> Result<(), CloudError> {
    let (name, operation) = (spec.name.as_str(), "s3:PutEncryptionConfiguration");
    let by_s3 = spec.encryption == S3;
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(if by_s3 { ServerSideEncryption::Aes256 } else { ServerSideEncryption::AwsKms })
        .set_kms_master_key_id((!by_s3).then(|| spec.encryption.clone()))
        .build();
    let configuration = default
        .and_then(|default| {
            // One call of KMS for many objects, not one for each.
            let rule = ServerSideEncryptionRule::builder()
                .apply_server_side_encryption_by_default(default)
                .set_bucket_key_enabled((!by_s3).then_some(true))
                .build();
            ServerSideEncryptionConfiguration::builder().rules(rule).build()
        })
        .map_err(|error| unbuilt(operation, name, &error))?;
    while_busy(progress, LET_GO, || async {
        let put = aws.clients.s3().put_bucket_encryption().bucket(name);
        let put = put.server_side_encryption_configuration(configuration.clone());
        put.send().await.during(&aws.scope, operation, name)
    })
    .await
    .map(|_| ())
}

async fn set_lifecycle(aws: &Aws, spec: &Bucket, progress: &Progress<'_>) -> Result<(), CloudError> {
    let (name, operation) = (spec.name.as_str(), "s3:PutLifecycleConfiguration");
    if spec.expire_after.is_none() && spec.noncurrent_expire_after.is_none() {
        while_busy(progress, LET_GO, || async {
            let delete = aws.clients.s3().delete_bucket_lifecycle().bucket(name);
            delete.send().await.during(&aws.scope, operation, name)
        })
        .await?;
        return Ok(());
    }
    let expiration = spec.expire_after.map(|days| LifecycleExpiration::builder().days(days).build());
    let noncurrent = spec
        .noncurrent_expire_after
        .map(|days| NoncurrentVersionExpiration::builder().noncurrent_days(days).build());
    let configuration = LifecycleRule::builder()
        .id(RULE)
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .set_expiration(expiration)
        .set_noncurrent_version_expiration(noncurrent)
        .build()
        .and_then(|rule| BucketLifecycleConfiguration::builder().rules(rule).build())
        .map_err(|error| unbuilt(operation, name, &error))?;
    while_busy(progress, LET_GO, || async {
        let put = aws.clients.s3().put_bucket_lifecycle_configuration().bucket(name);
        put.lifecycle_configuration(configuration.clone()).send().await.during(&aws.scope, operation, name)
    })
    .await
    .map(|_| ())
}
