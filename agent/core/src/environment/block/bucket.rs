use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scalar::Duration;

/// An S3 bucket, always private. Attributes: `name`, `arn`, `domain_name`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Old versions of objects are kept.
    #[serde(default = "yes")]
    pub versioned: bool,
    /// `s3` for S3's own keys, or a KMS key by id, alias or ARN.
    #[serde(default = "s3")]
    #[schemars(regex(
        pattern = r"^(s3|alias/[A-Za-z0-9/_-]+|arn:aws[a-z-]*:kms:\S+|(mrk-)?[0-9a-f-]{32,36})$"
    ))]
    pub encryption: String,
    /// Objects are deleted after so many days: `90d`; kept when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_after: Option<Duration>,
    /// Old versions are deleted after so many days: `30d`; kept when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noncurrent_expire_after: Option<Duration>,
}

fn yes() -> bool {
    true
}

fn s3() -> String {
    "s3".to_owned()
}
