use super::{Context, Wanted, desired};
use crate::{
    Address,
    environment::block,
    resource::{Bucket, names},
    scalar::Duration,
};

/// S3's longest name.
const LONGEST_NAME: usize = 63;

pub(super) fn expand(context: &Context<'_>, name: &str, block: &block::Bucket, wanted: &mut Wanted) {
    let address = Address::block("bucket", name);
    wanted.objects.push(desired(
        address.clone(),
        Bucket {
            name: bucket_name(context, name),
            public_access_blocked: true,
            ownership: "BucketOwnerEnforced".to_owned(),
            versioned: block.versioned,
            encryption: block.encryption.clone(),
            expire_after: block.expire_after.and_then(days),
            noncurrent_expire_after: block.noncurrent_expire_after.and_then(days),
            other_rules: Vec::new(),
            tags: context.tags(&address),
        },
    ));
}

/// Everybody in the world shares one space of names: account and a hash of the
/// environment's whole name make it ours.
fn bucket_name(context: &Context<'_>, name: &str) -> String {
    let aws = &context.environment.file.aws;
    let limit = LONGEST_NAME - aws.account.len() - 1;
    let fixed = [context.environment.name.as_str(), aws.account.as_str(), aws.region.as_str()];
    let own = names::lower(&names::versioned(&[context.leaf(), name], &fixed, limit));
    format!("{own}-{}", aws.account)
}

fn days(duration: Duration) -> Option<i32> {
    i32::try_from(duration.whole_days()?).ok()
}
