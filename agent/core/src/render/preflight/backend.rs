//! Sentences about bucket and tables, with the commands that put them right.

use super::Words;
use crate::{
    environment::EnvironmentName,
    preflight::{Access, Key, KeyRole, Problem},
};

/// The words; none for what others have words for.
pub(super) fn words(environment: &EnvironmentName, problem: &Problem) -> Option<Words> {
    let create = format!("`pointsman init {environment} --create`");
    let words = match problem {
        Problem::NoBucket { bucket, access } => Words::new(
            format!("there is no bucket `{bucket}`"),
            format!("{} asked", asked_by(access)),
            format!("{create} makes it, or by hand: `{}`; or correct `bucket`", make_bucket(bucket, access)),
        ),
        Problem::ForeignBucket { bucket, access } => Words::new(
            format!("the bucket `{bucket}` is another account's"),
            format!("{} asked, and its own account has no bucket of this name", asked_by(access)),
            "names of buckets are shared by all accounts: choose another `bucket`, or name its owner's `role_arn` or \
             `profile` in `[state]`",
        ),
        Problem::ClosedBucket { bucket, access, ours: true } => Words::new(
            format!("S3 denies the bucket `{bucket}`"),
            format!("it is this account's own, and {} may not look into it", asked_by(access)),
            format!(
                "allow it `s3:ListBucket` on arn:aws:s3:::{bucket}: `pointsman init {environment} --iam` prints the \
                 whole policy; look whether the bucket's own policy denies it"
            ),
        ),
        Problem::ClosedBucket { bucket, access, ours: false } => Words::new(
            format!("S3 denies the bucket `{bucket}`"),
            format!("{} asked; S3 does not say whether another account has it", asked_by(access)),
            format!(
                "if it is yours, allow `s3:ListBucket` on it (`pointsman init {environment} --iam` prints the whole \
                 policy); `aws sts get-caller-identity {}` shows who asks, and `aws s3api list-buckets {}` which buckets \
                 are yours",
                access.options, access.options
            ),
        ),
        Problem::BucketElsewhere { bucket, region } => Words::new(
            format!("the bucket `{bucket}` is in {region}"),
            "it is asked for in another region",
            format!("write `region = \"{region}\"` in `[state]`"),
        ),
        Problem::Unversioned { bucket, access } => Words::new(
            format!("the bucket `{bucket}` keeps no versions"),
            "a state that is lost or damaged could not be restored",
            format!(
                "{create} switches it on, or by hand: `aws s3api put-bucket-versioning --bucket {bucket} \
                 --versioning-configuration Status=Enabled {}`",
                access.options
            ),
        ),
        Problem::Unencrypted { bucket, access } => Words::new(
            format!("the bucket `{bucket}` does not encrypt by itself"),
            "what others write to it may lie there readable",
            format!(
                "{create} switches it on, or by hand: `aws s3api put-bucket-encryption --bucket {bucket} \
                 --server-side-encryption-configuration \
                 '{{\"Rules\":[{{\"ApplyServerSideEncryptionByDefault\":{{\"SSEAlgorithm\":\"AES256\"}}}}]}}' {}`",
                access.options
            ),
        ),
        Problem::Public { bucket, access } => Words::new(
            format!("the bucket `{bucket}` does not block public access"),
            "one policy or access list could make every state public",
            format!(
                "{create} blocks it, or by hand: `aws s3api put-public-access-block --bucket {bucket} \
                 --public-access-block-configuration \
                 BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true {}`",
                access.options
            ),
        ),
        Problem::ObjectAccessLists { bucket, access } => Words::new(
            format!("the bucket `{bucket}` leaves objects to whoever wrote them"),
            "access lists of single objects can grant what the bucket's policy does not",
            format!(
                "{create} lets its owner own them all, or by hand: `aws s3api put-bucket-ownership-controls --bucket \
                 {bucket} --ownership-controls 'Rules=[{{ObjectOwnership=BucketOwnerEnforced}}]' {}`",
                access.options
            ),
        ),
        Problem::NoTable { table, key, access } => Words::new(
            format!("there is no table `{table}`"),
            format!("{} asked in {}", asked_by(access), access.region),
            format!("{create} makes it, or by hand: `{}`", make_table(table, key, access)),
        ),
        Problem::OtherKey { table, key, found } => Words::new(
            format!("the table `{table}` has another key"),
            format!("its key is {}; it must be {}", shape(found), shape(key)),
            "a table's key cannot be changed: name another table, or delete this one if nothing uses it",
        ),
        Problem::TableNotReady { table, status } => Words::new(
            format!("the table `{table}` is not ready"),
            format!("DynamoDB says {status}"),
            "wait until it is ACTIVE and run it again",
        ),
        Problem::NeverExpires { table, attribute, access } => Words::new(
            format!("items of the table `{table}` never go"),
            "the record of runs would grow for ever",
            format!(
                "{create} sets it, or by hand: `aws dynamodb update-time-to-live --table-name {table} \
                 --time-to-live-specification Enabled=true,AttributeName={attribute} {}`",
                access.options
            ),
        ),
        _ => return None,
    };
    Some(words)
}

/// Who asked, as exactly as it is known.
fn asked_by(access: &Access) -> String {
    match &access.arn {
        Some(arn) => format!("{arn} ({})", access.identity),
        None => access.identity.clone(),
    }
}

fn make_bucket(bucket: &str, access: &Access) -> String {
    let place = match access.region.as_str() {
        "us-east-1" => String::new(),
        region => format!(" --create-bucket-configuration LocationConstraint={region}"),
    };
    format!("aws s3api create-bucket --bucket {bucket}{place} {}", access.options)
}

fn make_table(table: &str, key: &[Key], access: &Access) -> String {
    let mut attributes = String::new();
    let mut schema = String::new();
    for Key { name, role, kind } in key {
        let role = match role {
            KeyRole::Partition => "HASH",
            KeyRole::Sort => "RANGE",
        };
        attributes.push_str(&format!(" AttributeName={name},AttributeType={kind}"));
        schema.push_str(&format!(" AttributeName={name},KeyType={role}"));
    }
    format!(
        "aws dynamodb create-table --table-name {table} --attribute-definitions{attributes} --key-schema{schema} \
         --billing-mode PAY_PER_REQUEST {}",
        access.options
    )
}

/// `LockID` (text), then `sk` (text).
fn shape(key: &[Key]) -> String {
    let words: Vec<String> = key
        .iter()
        .map(|Key { name, role: _, kind }| {
            let kind = match kind.as_str() {
                "S" => "string",
                "N" => "number",
                "B" => "binary",
                other => other,
            };
            format!("the {kind} `{name}`")
        })
        .collect();
    words.join(" and ")
}
