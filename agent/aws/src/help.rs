//! What to do next, for refusals that have a known way out.

use pointsman_core::preflight::RUN_TABLE;
use pointsman_engine::ports::CloudErrorKind;

use crate::scope::Scope;

/// The advice that follows from the kind of refusal alone.
pub(crate) fn of(kind: CloudErrorKind, operation: &str, scope: &Scope) -> Option<String> {
    match kind {
        CloudErrorKind::Credentials => Some(credentials(scope)),
        CloudErrorKind::AccessDenied => Some(access_denied(operation, scope)),
        CloudErrorKind::Unreachable => Some(unreachable(operation, scope)),
        CloudErrorKind::Throttled => {
            Some("other programs ask a lot of this account at this moment; run it again later".to_owned())
        }
        CloudErrorKind::NotFound
        | CloudErrorKind::Unsuitable
        | CloudErrorKind::Refused
        | CloudErrorKind::NotOurs
        | CloudErrorKind::Failed
        | CloudErrorKind::TimedOut
        | CloudErrorKind::Stale
        | CloudErrorKind::LeaseLost => None,
    }
}

/// How to get credentials.
pub(crate) fn credentials(scope: &Scope) -> String {
    match (&scope.profile, &scope.role) {
        (Some(profile), _) => format!(
            "check the profile `{profile}` with `aws sts get-caller-identity --profile {profile}`; when it signs in \
             through SSO, `aws sso login --profile {profile}` renews it"
        ),
        (None, Some(role)) => format!(
            "the role {role} must trust the agent's own credentials, and its external id must be the one in `[aws]`; \
             `aws sts get-caller-identity` shows whose they are"
        ),
        (None, None) => {
            "name a `profile` or a `role_arn` in `[aws]`, or give the agent credentials by the usual \
             environment variables; `aws sts get-caller-identity` shows what is found"
                .to_owned()
        }
    }
}

fn access_denied(operation: &str, scope: &Scope) -> String {
    format!(
        "allow `{operation}` to {}; the documentation lists every action that the agent needs",
        scope.identity()
    )
}

fn unreachable(operation: &str, scope: &Scope) -> String {
    let service = operation.split(':').next().unwrap_or(operation);
    let endpoint = std::env::var("AWS_ENDPOINT_URL")
        .unwrap_or_else(|_| format!("the {service} endpoint of {}", scope.region));
    format!(
        "check the way to {endpoint} (network, proxy, AWS_ENDPOINT_URL), and run it again: nothing is lost"
    )
}

/// How to make the bucket of the state.
pub(crate) fn no_bucket(bucket: &str, scope: &Scope) -> String {
    let options = scope.cli_options();
    let place = if scope.region == "us-east-1" {
        String::new()
    } else {
        format!(" --create-bucket-configuration LocationConstraint={}", scope.region)
    };
    format!(
        "create it with `aws s3api create-bucket --bucket {bucket}{place} \
         {options}` and `aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration \
         Status=Enabled {options}`; or correct `bucket` in `[state]`"
    )
}

/// What to do about a bucket that is to go and holds something.
pub(crate) fn bucket_not_empty(bucket: &str, scope: &Scope) -> String {
    format!(
        "what is in a bucket is never deleted with it; look with `aws s3api list-object-versions --bucket {bucket} \
         --max-items 20 {}`, take away all objects and their old versions (`Empty` in the console does both), and run it \
         again",
        scope.cli_options()
    )
}

/// How to make the lock table.
pub(crate) fn no_table(table: &str, scope: &Scope) -> String {
    format!(
        "create it with `aws dynamodb create-table --table-name {table} \
         --attribute-definitions AttributeName=LockID,AttributeType=S --key-schema \
         AttributeName=LockID,KeyType=HASH --billing-mode PAY_PER_REQUEST {}`; or correct `lock_table` in `[state]`",
        scope.cli_options()
    )
}

/// How the agent's own table comes to be.
pub(crate) fn no_run_table(scope: &Scope) -> String {
    format!(
        "create it, for the agent's journal, with `aws dynamodb create-table --table-name {RUN_TABLE} \
         --attribute-definitions AttributeName=pk,AttributeType=S AttributeName=sk,AttributeType=S --key-schema \
         AttributeName=pk,KeyType=HASH AttributeName=sk,KeyType=RANGE --billing-mode PAY_PER_REQUEST {}`",
        scope.cli_options()
    )
}

/// What to do about a table that is not Terraform's.
pub(crate) fn other_key(table: &str) -> String {
    format!(
        "`{table}` is not a Terraform lock table: its key must be the one string `LockID`; name the right table as \
         `lock_table` in `[state]`"
    )
}

/// What to do about a name that someone else uses.
pub(crate) fn not_ours() -> String {
    "rename it in the file (`pointsman adopt` comes with a later version)".to_owned()
}

#[cfg(test)]
mod tests {
    use super::{no_bucket, no_table};
    use crate::scope::Scope;

    fn scope(region: &str, profile: Option<&str>) -> Scope {
        Scope {
            account: "123456789012".to_owned(),
            region: region.to_owned(),
            profile: profile.map(ToOwned::to_owned),
            role: None,
        }
    }

    #[test]
    fn the_commands_are_complete() {
        let bucket = no_bucket("states", &scope("eu-west-1", Some("ops")));
        assert!(
            bucket.contains(
                "`aws s3api create-bucket --bucket states --create-bucket-configuration \
                 LocationConstraint=eu-west-1 --region eu-west-1 --profile ops`"
            ),
            "{bucket}"
        );
        // S3 refuses its first region as a place.
        assert!(!no_bucket("states", &scope("us-east-1", None)).contains("LocationConstraint"));
        let table = no_table("locks", &scope("us-east-1", None));
        assert!(
            table.contains("--table-name locks") && table.ends_with("`lock_table` in `[state]`"),
            "{table}"
        );
    }
}
