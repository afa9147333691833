use std::time::Duration;

use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, ObjectOwnership,
    OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    VersioningConfiguration,
};
use pointsman_core::{
    environment::block::Encrypt,
    preflight::{Answer, Bucket, BucketTraits, Ownership},
};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::Ground;
use crate::{
    error::{During, failure},
    wait::Pauses,
};

impl Ground {
    /// A HEAD has no body: only status and headers tell what is wrong.
    pub(super) async fn look_at_bucket(&self) -> Bucket {
        let operation = "s3:ListBucket";
        let answer = self.buckets.head_bucket().bucket(&self.bucket).send().await;
        let Err(error) = answer else {
            return Bucket::Stands(Box::new(Box::pin(self.traits()).await));
        };
        let response = error.raw_response();
        let status = response.map(|response| response.status().as_u16());
        let region = response.and_then(|response| response.headers().get("x-amz-bucket-region"));
        let elsewhere = region.filter(|region| *region != self.scope.region).map(ToOwned::to_owned);
        match (status, elsewhere) {
            (Some(404), _) => Bucket::Absent,
            (Some(403), _) => Bucket::Closed(self.ownership().await),
            (Some(300..=400), Some(region)) => Bucket::Elsewhere { region },
            _ => match Err::<(), _>(error).during(&self.scope, operation, &self.bucket) {
                Err(error) => Bucket::Unknown(error),
                Ok(()) => Bucket::Absent,
            },
        }
    }

    /// Whether a bucket that refuses us is among our own.
    async fn ownership(&self) -> Ownership {
        let mut pages = self.buckets.list_buckets().prefix(&self.bucket).into_paginator().send();
        while let Some(page) = pages.next().await {
            let Ok(page) = page.during(&self.scope, "s3:ListAllMyBuckets", &self.bucket) else {
                return Ownership::Unknown;
            };
            if page.buckets().iter().any(|bucket| bucket.name() == Some(&self.bucket)) {
                return Ownership::Ours;
            }
        }
        Ownership::Foreign
    }

    async fn traits(&self) -> BucketTraits {
        let (versioned, encrypted, private, owner_enforced) =
            futures::join!(self.versioned(), self.encrypted(), self.private(), self.owner_enforced());
        BucketTraits { versioned, encrypted, private, owner_enforced }
    }

    async fn versioned(&self) -> Answer<bool> {
        let answer = self.buckets.get_bucket_versioning().bucket(&self.bucket).send().await.during(
            &self.scope,
            "s3:GetBucketVersioning",
            &self.bucket,
        )?;
        Ok(answer.status == Some(BucketVersioningStatus::Enabled))
    }

    async fn encrypted(&self) -> Answer<bool> {
        let answer = self.buckets.get_bucket_encryption().bucket(&self.bucket).send().await.during(
            &self.scope,
            "s3:GetEncryptionConfiguration",
            &self.bucket,
        );
        let Some(answer) = unset(answer, "ServerSideEncryptionConfigurationNotFoundError")? else {
            return Ok(false);
        };
        let rules = answer.server_side_encryption_configuration.map(|all| all.rules).unwrap_or_default();
        Ok(rules.iter().any(|rule| rule.apply_server_side_encryption_by_default.is_some()))
    }

    async fn private(&self) -> Answer<bool> {
        let answer = self.buckets.get_public_access_block().bucket(&self.bucket).send().await.during(
            &self.scope,
            "s3:GetBucketPublicAccessBlock",
            &self.bucket,
        );
        let block = unset(answer, "NoSuchPublicAccessBlockConfiguration")?
            .and_then(|answer| answer.public_access_block_configuration);
        Ok(block.is_some_and(|block| {
            [
                block.block_public_acls,
                block.ignore_public_acls,
                block.block_public_policy,
                block.restrict_public_buckets,
            ]
            .iter()
            .all(|set| *set == Some(true))
        }))
    }

    async fn owner_enforced(&self) -> Answer<bool> {
        let answer = self.buckets.get_bucket_ownership_controls().bucket(&self.bucket).send().await.during(
            &self.scope,
            "s3:GetBucketOwnershipControls",
            &self.bucket,
        );
        let rules = unset(answer, "OwnershipControlsNotFoundError")?
            .and_then(|answer| answer.ownership_controls)
            .map(|controls| controls.rules)
            .unwrap_or_default();
        Ok(rules.iter().any(|rule| rule.object_ownership == ObjectOwnership::BucketOwnerEnforced))
    }

    /// Ours already is well; someone else's is not.
    pub(super) async fn make_bucket(&self) -> Result<(), CloudError> {
        let operation = "s3:CreateBucket";
        // S3 refuses its first region as a place.
        let place = (self.scope.region != "us-east-1").then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(self.scope.region.as_str()))
                .build()
        });
        let mut pauses = Pauses::within(Duration::from_secs(120));
        loop {
            let made = self
                .buckets
                .create_bucket()
                .bucket(&self.bucket)
                .set_create_bucket_configuration(place.clone())
                .object_ownership(ObjectOwnership::BucketOwnerEnforced)
                .send()
                .await
                .during(&self.scope, operation, &self.bucket);
            let Err(mut error) = made else { return Ok(()) };
            match error.code.as_deref() {
                Some("BucketAlreadyOwnedByYou") => return Ok(()),
                Some("BucketAlreadyExists") => {
                    error.kind = CloudErrorKind::NotOurs;
                    error.message = format!("another account has a bucket `{}`", self.bucket);
                    error.help = Some(
                        "names of buckets are shared by all accounts: choose another `bucket` in `[state]`"
                            .to_owned(),
                    );
                    return Err(error);
                }
                // Another is making it, or has just deleted it.
                Some("OperationAborted") => pauses.pause(operation, &self.bucket, &error.message).await?,
                _ => return Err(error),
            }
        }
    }

    pub(super) async fn version(&self) -> Result<(), CloudError> {
        let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        self.buckets
            .put_bucket_versioning()
            .bucket(&self.bucket)
            .versioning_configuration(enabled)
            .send()
            .await
            .during(&self.scope, "s3:PutBucketVersioning", &self.bucket)
            .map(|_| ())
    }

    /// With the key that `[state]` names, or with S3's own.
    pub(super) async fn encrypt(&self) -> Result<(), CloudError> {
        let operation = "s3:PutEncryptionConfiguration";
        let by_default = ServerSideEncryptionByDefault::builder();
        let by_default = match &self.encrypt {
            Encrypt::Default(_) => by_default.sse_algorithm(ServerSideEncryption::Aes256),
            Encrypt::Key(key) => {
                by_default.sse_algorithm(ServerSideEncryption::AwsKms).kms_master_key_id(key)
            }
        };
        let unbuilt = |error: &dyn std::fmt::Display| {
            failure(CloudErrorKind::Refused, operation, &self.bucket, error.to_string(), None)
        };
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(by_default.build().map_err(|error| unbuilt(&error))?)
            .bucket_key_enabled(true)
            .build();
        let all = ServerSideEncryptionConfiguration::builder().rules(rule).build();
        self.buckets
            .put_bucket_encryption()
            .bucket(&self.bucket)
            .server_side_encryption_configuration(all.map_err(|error| unbuilt(&error))?)
            .send()
            .await
            .during(&self.scope, operation, &self.bucket)
            .map(|_| ())
    }

    pub(super) async fn block_public(&self) -> Result<(), CloudError> {
        let everything = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true)
            .build();
        self.buckets
            .put_public_access_block()
            .bucket(&self.bucket)
            .public_access_block_configuration(everything)
            .send()
            .await
            .during(&self.scope, "s3:PutBucketPublicAccessBlock", &self.bucket)
            .map(|_| ())
    }

    pub(super) async fn enforce_owner(&self) -> Result<(), CloudError> {
        let operation = "s3:PutBucketOwnershipControls";
        let unbuilt = |error: &dyn std::fmt::Display| {
            failure(CloudErrorKind::Refused, operation, &self.bucket, error.to_string(), None)
        };
        let rule =
            OwnershipControlsRule::builder().object_ownership(ObjectOwnership::BucketOwnerEnforced).build();
        let controls = OwnershipControls::builder().rules(rule.map_err(|error| unbuilt(&error))?).build();
        self.buckets
            .put_bucket_ownership_controls()
            .bucket(&self.bucket)
            .ownership_controls(controls.map_err(|error| unbuilt(&error))?)
            .send()
            .await
            .during(&self.scope, operation, &self.bucket)
            .map(|_| ())
    }
}

/// S3 has an error of its own for each setting that was never set.
fn unset<T>(answer: Result<T, CloudError>, code: &str) -> Result<Option<T>, CloudError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.code.as_deref() == Some(code) => Ok(None),
        Err(error) => Err(error),
    }
}
