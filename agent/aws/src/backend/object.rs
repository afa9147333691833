use aws_sdk_s3::{Client, primitives::ByteStream, types::ServerSideEncryption};
use pointsman_core::environment::block::{self, Encrypt};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use crate::{
    error::{During, failure, incomplete},
    help,
    scope::Scope,
};

/// An object in the bucket of the state, read whole and written under conditions.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) scope: Scope,
    pub(super) bucket: String,
    pub(super) key: String,
    /// `s3://bucket/key`, for messages.
    pub(super) location: String,
    encrypt: Encrypt,
}

/// An object as it was read.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) bytes: Vec<u8>,
    /// The `ETag`.
    pub(super) version: String,
}

impl Object {
    pub(super) fn new(scope: Scope, state: &block::State, key: String) -> Self {
        Self {
            scope,
            bucket: state.bucket.clone(),
            location: format!("s3://{}/{key}", state.bucket),
            key,
            encrypt: state.encrypt.clone(),
        }
    }

    /// The object as it stands; none when there is none. More bytes than
    /// `largest` are the error `too_large`.
    pub(super) async fn get(
        &self,
        client: &Client,
        largest: i64,
        too_large: impl FnOnce() -> CloudError,
    ) -> Result<Option<Stored>, CloudError> {
        let operation = "s3:GetObject";
        let read = client.get_object().bucket(&self.bucket).key(&self.key).send().await;
        let object = match read.during(&self.scope, operation, &self.location) {
            Ok(object) => object,
            Err(error) if error.code.as_deref() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(self.explained(error)),
        };
        if object.content_length.is_some_and(|length| length > largest) {
            return Err(too_large());
        }
        let version = object.e_tag.ok_or_else(|| incomplete(operation, &self.location, "ETag"))?;
        let bytes = object.body.collect().await.map_err(|error| {
            failure(CloudErrorKind::Unreachable, operation, &self.location, error.to_string(), None)
        })?;
        Ok(Some(Stored { bytes: bytes.to_vec(), version }))
    }

    /// One conditional PUT, there or under another key beside it: over this
    /// version, or where there is nothing. Answers the new version.
    pub(super) async fn put(
        &self,
        client: &Client,
        key: &str,
        text: &str,
        over: Option<&str>,
    ) -> Result<String, CloudError> {
        let operation = "s3:PutObject";
        let put = client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type("application/json")
            .body(ByteStream::from(text.as_bytes().to_vec()));
        let put = match over {
            Some(version) => put.if_match(version),
            None => put.if_none_match("*"),
        };
        let put = match &self.encrypt {
            Encrypt::Default(true) => put.server_side_encryption(ServerSideEncryption::Aes256),
            Encrypt::Default(false) => put,
            Encrypt::Key(key) => put.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(key),
        };
        let put = put.send().await.during(&self.scope, operation, &self.location);
        let put = put.map_err(|error| self.explained(error))?;
        put.e_tag.ok_or_else(|| incomplete(operation, &self.location, "ETag"))
    }

    /// Adds what is known about buckets that are missing, elsewhere or closed.
    pub(super) fn explained(&self, mut error: CloudError) -> CloudError {
        let Self { scope, bucket, location, .. } = self;
        match error.code.as_deref() {
            Some("NoSuchBucket") => error.help = Some(help::no_bucket(bucket, scope)),
            Some(
                "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException",
            ) => {
                error.kind = CloudErrorKind::Unsuitable;
                error.help = Some(format!(
                    "the bucket `{bucket}` is in another region; name it as `region` in `[state]`"
                ));
            }
            Some("AccessDenied") => {
                error.help = Some(format!(
                    "allow `{}` on {location} and `s3:ListBucket` on the bucket `{bucket}` to {}; without the second, S3 \
                     answers the same for an object that does not exist yet",
                    error.operation,
                    scope.identity()
                ));
            }
            _ => {}
        }
        error
    }
}
