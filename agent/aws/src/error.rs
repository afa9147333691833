//! What the SDK calls errors, as the engine tells them apart.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use pointsman_engine::{
    lease::LeaseLost,
    ports::{CloudError, CloudErrorKind},
};

use crate::{help, scope::Scope};

/// Turns the SDK's answer into the engine's.
pub(crate) trait During<T> {
    /// `operation` is the IAM action that the call needs, which also names it
    /// for people; `subject` is what it was about.
    fn during(self, scope: &Scope, operation: &'static str, subject: &str) -> Result<T, CloudError>;
}

impl<T, E> During<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    fn during(self, scope: &Scope, operation: &'static str, subject: &str) -> Result<T, CloudError> {
        self.map_err(|error| translated(&error, scope, operation, subject))
    }
}

/// Tells what is not there from what went wrong.
pub(crate) trait Absent<T> {
    /// `None` for what does not exist.
    fn or_absent(self) -> Result<Option<T>, CloudError>;
}

impl<T> Absent<T> for Result<T, CloudError> {
    fn or_absent(self) -> Result<Option<T>, CloudError> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind == CloudErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// An error of our own making.
pub(crate) fn failure(
    kind: CloudErrorKind,
    operation: &str,
    subject: &str,
    message: impl Into<String>,
    help: Option<String>,
) -> CloudError {
    CloudError {
        kind,
        operation: operation.to_owned(),
        subject: subject.to_owned(),
        code: None,
        message: message.into(),
        request_id: None,
        help,
    }
}

/// An answer without something that AWS always sends.
pub(crate) fn incomplete(operation: &str, subject: &str, what: &str) -> CloudError {
    failure(CloudErrorKind::Refused, operation, subject, format!("the answer has no {what}"), None)
}

/// Whether AWS refused because something exists already.
pub(crate) fn exists_already(error: &CloudError) -> bool {
    error.code.as_deref().is_some_and(|code| {
        code.contains("AlreadyExists")
            || code.contains("Duplicate")
            || matches!(code, "PriorityInUse" | "ResourceExistsException" | "BucketAlreadyOwnedByYou")
    })
}

/// Whether AWS refused because something else still needs it, or because it
/// is at work on it: what passes with time.
pub(crate) fn is_busy(error: &CloudError) -> bool {
    matches!(
        error.code.as_deref(),
        Some(
            "DependencyViolation"
                | "InvalidGroup.InUse"
                | "ResourceInUse"
                | "ResourceInUseException"
                | "OperationAborted"
                | "OperationAbortedException"
                | "CacheSubnetGroupInUse"
                | "InvalidCacheParameterGroupState"
                | "InvalidReplicationGroupState"
                | "InvalidCacheClusterState"
                | "UpdateInProgressException"
                | "ConflictException"
                | "AWS.SimpleQueueService.QueueDeletedRecently"
                | "ConcurrentUpdateException"
        )
    )
}

fn translated<E>(
    error: &SdkError<E, HttpResponse>,
    scope: &Scope,
    operation: &'static str,
    subject: &str,
) -> CloudError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    if let Some(lost) = in_chain::<LeaseLost>(error) {
        let help = "nothing was sent; run it again once nobody else holds the lock";
        return failure(
            CloudErrorKind::LeaseLost,
            operation,
            subject,
            lost.to_string(),
            Some(help.to_owned()),
        );
    }
    if in_chain::<CredentialsError>(error).is_some() {
        let message = format!("no credentials: {}", chain(error, "credential"));
        return failure(
            CloudErrorKind::Credentials,
            operation,
            subject,
            message,
            Some(help::credentials(scope)),
        );
    }
    let status = error.raw_response().map(|response| response.status().as_u16());
    let (kind, message) = match error {
        SdkError::TimeoutError(_) => (CloudErrorKind::Unreachable, "no answer in time".to_owned()),
        SdkError::DispatchFailure(_) => {
            (CloudErrorKind::Unreachable, chain(error.source().unwrap_or(error), ""))
        }
        SdkError::ConstructionFailure(_) => (CloudErrorKind::Refused, chain(error, "")),
        SdkError::ResponseError(_) => (
            if status.is_some_and(|status| status >= 500) {
                CloudErrorKind::Unreachable
            } else {
                CloudErrorKind::Refused
            },
            format!("the answer cannot be read: {}", chain(error, "")),
        ),
        _ => {
            let message = error.message().map_or_else(
                || status.map_or_else(|| "refused".to_owned(), |status| format!("HTTP status {status}")),
                ToOwned::to_owned,
            );
            (kind_of(error.code().unwrap_or_default(), &message, status), message)
        }
    };
    let mut refused = failure(kind, operation, subject, message, help::of(kind, operation, scope));
    refused.code = error.code().map(ToOwned::to_owned);
    refused.request_id = error.meta().extra("aws_request_id").map(ToOwned::to_owned);
    refused
}

/// Codes, or parts of them, that say that AWS is asked too often.
pub(crate) const THROTTLED: [&str; 8] = [
    "Throttl",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "BandwidthLimitExceeded",
    "SlowDown",
    "PriorRequestNotComplete",
    // The same transaction is still under way.
    "TransactionInProgress",
];

/// What callers tell apart, by AWS's code.
fn kind_of(code: &str, message: &str, status: Option<u16>) -> CloudErrorKind {
    const CREDENTIALS: [&str; 16] = [
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "InvalidToken",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "AuthFailure",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "RequestTimeTooSkewed",
    ];
    if CREDENTIALS.contains(&code) {
        CloudErrorKind::Credentials
    } else if code.starts_with("AccessDenied") || code.starts_with("Unauthorized") {
        CloudErrorKind::AccessDenied
    } else if THROTTLED.iter().any(|throttled| code.contains(throttled)) {
        CloudErrorKind::Throttled
    } else if ["NotFound", "NoSuch", "DoesNotExist", "NonExistent"].iter().any(|word| code.contains(word)) {
        CloudErrorKind::NotFound
    } else if code == "ClientException" && message.contains("Unable to describe task definition") {
        // ECS has no code of its own for a task definition that is not there.
        CloudErrorKind::NotFound
    } else {
        match status {
            Some(403) => CloudErrorKind::AccessDenied,
            Some(429) => CloudErrorKind::Throttled,
            Some(500..) => CloudErrorKind::Unreachable,
            _ => CloudErrorKind::Refused,
        }
    }
}

fn in_chain<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The error and what caused it, outermost first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let current = next?;
        next = current.source();
        Some(current)
    })
}

/// The sentences of an error and its causes, each once, from the first that
/// contains `from` on.
fn chain(error: &(dyn Error + 'static), from: &str) -> String {
    let mut sentences: Vec<String> = Vec::new();
    for cause in causes(error) {
        let sentence = cause.to_string();
        if (!sentences.is_empty() || sentence.contains(from)) && !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences.join(": ")
}

#[cfg(test)]
mod tests {
    use aws_sdk_sts::{
        error::{ErrorMetadata, SdkError},
        operation::get_caller_identity::GetCallerIdentityError,
    };
    use aws_smithy_runtime_api::{
        client::{orchestrator::HttpResponse, result::ConnectorError},
        http::StatusCode,
    };
    use aws_smithy_types::body::SdkBody;
    use pointsman_engine::{
        lease::LeaseLost,
        ports::{CloudError, CloudErrorKind},
    };

    use super::{During, exists_already, is_busy};
    use crate::scope::Scope;

    type Refusal = SdkError<GetCallerIdentityError, HttpResponse>;

    fn told(refusal: Refusal) -> CloudError {
        let scope = Scope {
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
            profile: Some("ops".to_owned()),
            role: None,
        };
        Err::<(), _>(refusal).during(&scope, "ecs:CreateService", "web").unwrap_err()
    }

    fn answered(status: u16, code: &str, message: &str) -> CloudError {
        let error = GetCallerIdentityError::generic(
            ErrorMetadata::builder().code(code).message(message).custom("aws_request_id", "r-1").build(),
        );
        let status = StatusCode::try_from(status).unwrap();
        told(SdkError::service_error(error, HttpResponse::new(status, SdkBody::empty())))
    }

    #[test]
    fn codes_are_told_apart() {
        for (status, code, kind) in [
            (400, "ExpiredTokenException", CloudErrorKind::Credentials),
            (403, "InvalidClientTokenId", CloudErrorKind::Credentials),
            (403, "SignatureDoesNotMatch", CloudErrorKind::Credentials),
            (400, "AccessDeniedException", CloudErrorKind::AccessDenied),
            (403, "UnauthorizedOperation", CloudErrorKind::AccessDenied),
            (400, "ThrottlingException", CloudErrorKind::Throttled),
            (503, "SlowDown", CloudErrorKind::Throttled),
            (400, "TargetGroupNotFound", CloudErrorKind::NotFound),
            (400, "InvalidGroup.NotFound", CloudErrorKind::NotFound),
            (404, "NoSuchBucket", CloudErrorKind::NotFound),
            (400, "ResourceNotFoundException", CloudErrorKind::NotFound),
            (400, "AWS.SimpleQueueService.NonExistentQueue", CloudErrorKind::NotFound),
            (500, "InternalFailure", CloudErrorKind::Unreachable),
            (400, "InvalidParameterException", CloudErrorKind::Refused),
        ] {
            assert_eq!(answered(status, code, "no").kind, kind, "{code}");
        }
        let missing = answered(400, "ClientException", "Unable to describe task definition.");
        assert_eq!(missing.kind, CloudErrorKind::NotFound);
    }

    #[test]
    fn a_refusal_says_what_where_and_what_next() {
        let denied = answered(403, "AccessDenied", "User x is not authorized");
        assert_eq!(
            denied.to_string(),
            "ecs:CreateService web: AccessDenied: User x is not authorized (request r-1)"
        );
        let help = denied.help.unwrap();
        assert!(help.contains("`ecs:CreateService`") && help.contains("the profile `ops`"), "{help}");
        let expired = answered(403, "ExpiredToken", "expired").help.unwrap();
        assert!(expired.contains("aws sso login --profile ops"), "{expired}");
    }

    #[test]
    fn a_lost_lease_is_found_however_deep_it_lies() {
        let lost = LeaseLost { why: "it was released".to_owned() };
        let wrapped = ConnectorError::other(Box::new(lost), None);
        let error = told(SdkError::dispatch_failure(wrapped));
        assert_eq!(error.kind, CloudErrorKind::LeaseLost);
        assert_eq!(error.message, "the lease is lost: it was released");
    }

    #[test]
    fn no_answer_names_the_way() {
        let refused = ConnectorError::io("connection refused".into());
        let error = told(SdkError::dispatch_failure(refused));
        assert_eq!(error.kind, CloudErrorKind::Unreachable);
        assert!(error.message.contains("connection refused"), "{}", error.message);
        assert!(error.help.unwrap().contains("check the way to"));
    }

    #[test]
    fn what_passes_is_told_from_what_stays() {
        assert!(is_busy(&answered(400, "DependencyViolation", "in use")));
        assert!(!is_busy(&answered(400, "OperationNotPermitted", "protected")));
        assert!(exists_already(&answered(400, "InvalidGroup.Duplicate", "exists")));
        assert!(exists_already(&answered(400, "PriorityInUse", "taken")));
        assert!(!exists_already(&answered(400, "TooManyRules", "quota")));
    }
}
