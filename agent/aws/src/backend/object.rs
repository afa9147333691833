//! What the state and the lock file have in common as objects.

use aws_sdk_s3::{operation::put_object::builders::PutObjectFluentBuilder, types::ServerSideEncryption};
use pointsman_core::environment::block::Encrypt;
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use crate::{help, scope::Scope};

/// Adds what is known about buckets that are missing, elsewhere or closed.
pub(super) fn explained(mut error: CloudError, bucket: &str, location: &str, scope: &Scope) -> CloudError {
    match error.code.as_deref() {
        Some("NoSuchBucket") => error.help = Some(help::no_bucket(bucket, scope)),
        Some("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => {
            error.kind = CloudErrorKind::Unsuitable;
            error.help =
                Some(format!("the bucket `{bucket}` is in another region; name it as `region` in `[state]`"));
        }
        Some("AccessDenied") => {
            error.help = Some(format!(
                "allow `{}` on {location} and `s3:ListBucket` on the bucket `{bucket}` to {}; without the second, S3 answers \
                 the same for an object that does not exist yet",
                error.operation,
                scope.identity()
            ));
        }
        _ => {}
    }
    error
}

/// Encrypted as the environment wants its state.
pub(super) fn encrypted(put: PutObjectFluentBuilder, encrypt: &Encrypt) -> PutObjectFluentBuilder {
    match encrypt {
        Encrypt::Default(true) => put.server_side_encryption(ServerSideEncryption::Aes256),
        Encrypt::Default(false) => put,
        Encrypt::Key(key) => put.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(key),
    }
}
