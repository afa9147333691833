//! Errors in the shape that each of AWS's protocols gives them.

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode};

use super::operation::{Operation, Protocol};

/// An error to answer a number of calls with.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub service: String,
    pub operation: String,
    pub status: u16,
    pub code: String,
    pub message: String,
    /// How many more calls it answers.
    pub times: usize,
}

impl Fault {
    /// For one call of an operation.
    pub(crate) fn once(operation: &Operation, status: u16, code: &str, message: &str) -> Self {
        Self {
            service: operation.service.clone(),
            operation: operation.name.clone(),
            status,
            code: code.to_owned(),
            message: message.to_owned(),
            times: 1,
        }
    }

    pub(crate) fn concerns(&self, operation: &Operation) -> bool {
        self.times > 0 && self.service == operation.service && self.operation == operation.name
    }

    /// What a service answers when it is asked too often.
    pub(crate) fn throttled(operation: &Operation) -> Self {
        let (status, code) = match operation.protocol {
            Protocol::Query => (400, "Throttling"),
            Protocol::Ec2 => (503, "RequestLimitExceeded"),
            Protocol::S3 => (503, "SlowDown"),
            Protocol::Json | Protocol::RestJson | Protocol::Cbor => (400, "ThrottlingException"),
        };
        Self::once(operation, status, code, "Rate exceeded")
    }

    /// What a service answers to what was signed too long ago.
    pub(crate) fn expired(operation: &Operation) -> Self {
        let (status, code) = match operation.protocol {
            Protocol::Query => (403, "SignatureDoesNotMatch"),
            Protocol::Ec2 => (400, "RequestExpired"),
            Protocol::S3 => (403, "RequestTimeTooSkewed"),
            Protocol::Json | Protocol::RestJson | Protocol::Cbor => (400, "InvalidSignatureException"),
        };
        Self::once(operation, status, code, "Signature expired")
    }

    /// The answer, as the operation's client expects it.
    pub(crate) fn answer(&self, protocol: Protocol) -> Response<Body> {
        let (code, message) = (escaped(&self.code), escaped(&self.message));
        let id = uuid::Uuid::new_v4().to_string();
        let (kind, body) = match protocol {
            Protocol::Json => ("application/x-amz-json-1.1", self.json()),
            Protocol::RestJson => ("application/json", self.json()),
            Protocol::Query => (
                "text/xml",
                format!(
                    "<ErrorResponse><Error><Type>{}</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                     <RequestId>{id}</RequestId></ErrorResponse>",
                    if self.status < 500 { "Sender" } else { "Receiver" }
                )
                .into_bytes(),
            ),
            Protocol::Ec2 => (
                "text/xml",
                format!(
                    "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
                     <RequestID>{id}</RequestID></Response>"
                )
                .into_bytes(),
            ),
            Protocol::S3 => (
                "application/xml",
                format!(
                    "<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{id}</RequestId></Error>"
                )
                .into_bytes(),
            ),
            Protocol::Cbor => ("application/cbor", self.cbor()),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert("content-type", HeaderValue::from_static(kind));
        if let Ok(id) = HeaderValue::from_str(&id) {
            headers.insert("x-amzn-requestid", id.clone());
            headers.insert("x-amz-request-id", id);
        }
        if let Ok(code) = HeaderValue::from_str(&self.code) {
            headers.insert("x-amzn-errortype", code);
        }
        if protocol == Protocol::Cbor {
            headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
        }
        response
    }

    fn json(&self) -> Vec<u8> {
        serde_json::json!({"__type": self.code, "message": self.message}).to_string().into_bytes()
    }

    /// A map of two texts.
    fn cbor(&self) -> Vec<u8> {
        let mut out = vec![0xa2];
        for text in ["__type", &self.code, "message", &self.message] {
            // A text of up to 65535 bytes: its length in two bytes, then itself.
            let text = &text.as_bytes()[..text.len().min(usize::from(u16::MAX))];
            out.push(0x79);
            out.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
            out.extend(text);
        }
        out
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
