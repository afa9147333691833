use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::MOST_BYTES;

/// Why a delivery is not acted on. GitHub shows the text beside the delivery.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("too many deliveries at once; what they tell is found at the next poll")]
    TooMany,
    #[error(
        "no signature: give the webhook the secret that the agent has, `webhook_secret_file` in [github]"
    )]
    NoSignature,
    #[error("only X-Hub-Signature-256 counts; the SHA-1 signature does not")]
    OldSignature,
    #[error(
        "the signature does not match: the webhook's secret on GitHub and `webhook_secret_file` in [github] differ"
    )]
    BadSignature,
    #[error("the body is no JSON: choose the content type application/json for the webhook")]
    NotJson,
    #[error(
        "the body is longer than {MOST_BYTES} bytes, and was not read; what it tells is found at the next poll"
    )]
    TooLarge,
    #[error("the body did not arrive in time, or broke off")]
    Incomplete,
    #[error("`X-GitHub-Event` or `X-GitHub-Delivery` is absent, or is no name")]
    NoEvent,
    #[error("the body of `{0}` is not what GitHub describes: {1}")]
    Unreadable(String, String),
    #[error("too many requests wait to be acted on; send this one again later")]
    Full,
}

impl Refusal {
    /// In one word, for counting.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::TooMany => "rate_limited",
            Self::NoSignature | Self::OldSignature | Self::BadSignature => "bad_signature",
            Self::NotJson => "not_json",
            Self::TooLarge => "too_large",
            Self::Incomplete => "incomplete",
            Self::NoEvent | Self::Unreadable(..) => "unreadable",
            Self::Full => "queue_full",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::NoSignature | Self::OldSignature | Self::BadSignature => StatusCode::UNAUTHORIZED,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Incomplete => StatusCode::REQUEST_TIMEOUT,
            Self::NoEvent | Self::Unreadable(..) => StatusCode::BAD_REQUEST,
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status(), format!("{self}\n")).into_response()
    }
}
