use async_trait::async_trait;
use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_s3::{Client, primitives::ByteStream};
use pointsman_core::{
    environment::block::{self, Encrypt},
    lease::LockFile,
};
use pointsman_engine::ports::{CloudError, CloudErrorKind, LockFiles, Written};

use super::{lock_table::attempt_timeouts, object, state_bucket::builder};
use crate::{
    error::{During, failure, incomplete},
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
    scope: Scope,
    bucket: String,
    key: String,
    location: String,
    encrypt: Encrypt,
}

impl S3LockFile {
    /// The file of a state; none where the environment does not ask for it.
    pub(crate) fn of(config: &SdkConfig, scope: &Scope, state: &block::State) -> Option<Self> {
        let key = format!("{}.tflock", state.key);
        let attempts = |most| builder(config).timeout_config(attempt_timeouts(config, most));
        state.lockfile.then(|| Self {
            patient: Client::from_conf(attempts(3).build()),
            once: Client::from_conf(attempts(1).retry_config(RetryConfig::disabled()).build()),
            scope: scope.clone(),
            bucket: state.bucket.clone(),
            location: format!("s3://{}/{key}", state.bucket),
            key,
            encrypt: state.encrypt.clone(),
        })
    }

    fn explained(&self, error: CloudError) -> CloudError {
        object::explained(error, &self.bucket, &self.location, &self.scope)
    }
}

#[async_trait]
impl LockFiles for S3LockFile {
    async fn read(&self) -> Result<Option<LockFile>, CloudError> {
        let operation = "s3:GetObject";
        let read = self.patient.get_object().bucket(&self.bucket).key(&self.key).send().await.during(
            &self.scope,
            operation,
            &self.location,
        );
        let object = match read {
            Ok(object) => object,
            Err(error) if error.code.as_deref() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(self.explained(error)),
        };
        let failed = |kind, message: String| failure(kind, operation, &self.location, message, None);
        if object.content_length.is_some_and(|length| length > LARGEST) {
            return Err(failed(
                CloudErrorKind::Unsuitable,
                "the object is too large to be a lock".to_owned(),
            ));
        }
        let version = object.e_tag.ok_or_else(|| incomplete(operation, &self.location, "ETag"))?;
        let bytes = object.body.collect().await;
        let bytes = bytes.map_err(|error| failed(CloudErrorKind::Unreachable, error.to_string()))?;
        // What is no text has no mark, and is left alone.
        let text = String::from_utf8_lossy(&bytes.into_bytes()).into_owned();
        Ok(Some(LockFile::of(text, version)))
    }

    async fn put(&self, text: &str, over: Option<&str>) -> Result<Option<String>, CloudError> {
        let put = self
            .once
            .put_object()
            .bucket(&self.bucket)
            .key(&self.key)
            .content_type("application/json")
            .body(ByteStream::from(text.as_bytes().to_vec()));
        let put = match over {
            Some(version) => put.if_match(version),
            None => put.if_none_match("*"),
        };
        let put = object::encrypted(put, &self.encrypt).send().await;
        match put.during(&self.scope, "s3:PutObject", &self.location) {
            Ok(put) => put.e_tag.map(Some).ok_or_else(|| incomplete("s3:PutObject", &self.location, "ETag")),
            Err(error) if is_refused(&error) => Ok(None),
            Err(error) => Err(self.explained(error)),
        }
    }

    async fn delete(&self, version: &str) -> Result<Written, CloudError> {
        let delete = self.once.delete_object().bucket(&self.bucket).key(&self.key).if_match(version);
        match delete.send().await.during(&self.scope, "s3:DeleteObject", &self.location) {
            Ok(_) => Ok(Written::Done),
            Err(error) if is_refused(&error) => Ok(Written::Refused),
            Err(error) => Err(self.explained(error)),
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
