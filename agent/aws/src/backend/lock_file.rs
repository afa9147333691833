use async_trait::async_trait;
use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_s3::Client;
use pointsman_core::{environment::block, lease::LockFile};
use pointsman_engine::ports::{CloudError, CloudErrorKind, LockFiles, Written};

use super::{lock_table::attempt_timeouts, object::Object, state_bucket::builder};
use crate::{
    error::{During, failure},
    scope::Scope,
};

/// A lock is a few hundred bytes.
const LARGEST: i64 = 64 * 1024;

/// Terraform's lock file as an S3 object.
#[derive(Debug)]
pub(crate) struct S3LockFile {
    /// Repeats what fails.
    patient: Client,
    /// Sends once: its caller decides by reading.
    once: Client,
    object: Object,
}

impl S3LockFile {
    /// The file of a state; none where the environment does not ask for it.
    pub(crate) fn of(config: &SdkConfig, scope: &Scope, state: &block::State) -> Option<Self> {
        let attempts = |most| builder(config).timeout_config(attempt_timeouts(config, most));
        state.lockfile.then(|| Self {
            patient: Client::from_conf(attempts(3).build()),
            once: Client::from_conf(attempts(1).retry_config(RetryConfig::disabled()).build()),
            object: Object::new(scope.clone(), state, state.lock_file()),
        })
    }
}

#[async_trait]
impl LockFiles for S3LockFile {
    async fn read(&self) -> Result<Option<LockFile>, CloudError> {
        let too_large = || {
            let message = "the object is too large to be a lock";
            failure(CloudErrorKind::Unsuitable, "s3:GetObject", &self.object.location, message, None)
        };
        let stored = self.object.get(&self.patient, LARGEST, too_large).await?;
        // What is no text has no mark, and is left alone.
        Ok(stored.map(|it| LockFile::of(String::from_utf8_lossy(&it.bytes).into_owned(), it.version)))
    }

    async fn put(&self, text: &str, over: Option<&str>) -> Result<Option<String>, CloudError> {
        match self.object.put(&self.once, &self.object.key, text, over).await {
            Ok(version) => Ok(Some(version)),
            Err(error) if is_refused(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn delete(&self, version: &str) -> Result<Written, CloudError> {
        let Object { scope, bucket, key, location, .. } = &self.object;
        let delete = self.once.delete_object().bucket(bucket).key(key).if_match(version).send().await;
        match delete.during(scope, "s3:DeleteObject", location) {
            Ok(_) => Ok(Written::Done),
            Err(error) if is_refused(&error) => Ok(Written::Refused),
            Err(error) => Err(self.object.explained(error)),
        }
    }
}

/// Another version stands, or none, or somebody writes it at this moment.
fn is_refused(error: &CloudError) -> bool {
    matches!(
        error.code.as_deref(),
        Some("PreconditionFailed" | "ConditionalRequestConflict" | "OperationAborted" | "NoSuchKey")
    )
}
