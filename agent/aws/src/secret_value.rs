use std::time::Duration;

use pointsman_core::resource::{CacheUrl, Link, Token};
use pointsman_engine::ports::{CloudError, CloudErrorKind};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    aws::Aws,
    error::{During, failure, incomplete},
    wait::Pauses,
};

/// A secret's value, on its way from AWS to AWS: it is in memory for as long
/// as a call takes, is overwritten when it goes, and cannot be printed.
#[derive(Debug)]
pub(crate) struct SecretValue(SecretString);

impl SecretValue {
    /// Letters and digits by AWS's own dice, of every kind at least one.
    pub(crate) async fn generated(aws: &Aws, length: u32) -> Result<Self, CloudError> {
        let operation = "secretsmanager:GetRandomPassword";
        let made = aws
            .clients
            .secrets()
            .get_random_password()
            .password_length(length.into())
            .exclude_punctuation(true)
            .require_each_included_type(true)
            .send()
            .await
            .during(&aws.scope, operation, "")?;
        made.random_password.map(Self::new).ok_or_else(|| incomplete(operation, "", "password"))
    }

    /// The version of a cache's token that is meant: the one value that is ever
    /// read. A secret that was just made may not be shown everywhere yet.
    pub(crate) async fn of_token(aws: &Aws, token: &Token) -> Result<Self, CloudError> {
        let operation = "secretsmanager:GetSecretValue";
        let Token { secret, version } = token;
        let (arn, version) = (known(secret, operation)?, known(version, operation)?);
        let mut pauses = Pauses::within(Duration::from_secs(30));
        loop {
            let read = aws
                .clients
                .secrets()
                .get_secret_value()
                .secret_id(arn)
                .version_id(version)
                .send()
                .await
                .during(&aws.scope, operation, arn);
            match read {
                Err(error) if error.kind == CloudErrorKind::NotFound => {
                    if pauses.pause(operation, arn, &error.message).await.is_err() {
                        return Err(error);
                    }
                }
                read => {
                    return read?
                        .secret_string
                        .map(Self::new)
                        .ok_or_else(|| incomplete(operation, arn, "text: the token is no text"));
                }
            }
        }
    }

    /// A cache's whole URL.
    pub(crate) async fn of_url(aws: &Aws, url: &CacheUrl) -> Result<Self, CloudError> {
        let operation = "secretsmanager:PutSecretValue";
        let CacheUrl { host, port, tls: _, token } = url;
        let token = match token {
            Some(token) => Some(Self::of_token(aws, token).await?),
            None => None,
        };
        Ok(Self::new(composed(
            url.scheme(),
            token.as_ref(),
            known(host, operation)?,
            known(port, operation)?,
        )))
    }

    /// The value, for the call that carries it.
    pub(crate) fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    fn new(value: String) -> Self {
        Self(SecretString::from(value))
    }
}

fn composed(scheme: &str, token: Option<&SecretValue>, host: &str, port: &str) -> String {
    let user = token.map(|token| format!(":{}@", escaped(token.reveal()))).unwrap_or_default();
    format!("{scheme}://{user}{host}:{port}/0")
}

/// What people put in a token's place may have characters that mean something
/// in a URL.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

fn known<'a>(link: &'a Link, operation: &'static str) -> Result<&'a str, CloudError> {
    link.known().ok_or_else(|| {
        let message = format!("it refers to something that is not known yet: {}", link.to_value());
        failure(CloudErrorKind::Refused, operation, "", message, None)
    })
}

#[cfg(test)]
mod tests {
    use super::{SecretValue, composed};

    #[test]
    fn a_url_carries_the_token_whatever_it_is_made_of() {
        let token = |text: &str| SecretValue::new(text.to_owned());
        assert_eq!(composed("rediss", Some(&token("Ab1")), "host", "6379"), "rediss://:Ab1@host:6379/0");
        assert_eq!(composed("rediss", Some(&token("a&#^")), "host", "1"), "rediss://:a%26%23%5E@host:1/0");
        assert_eq!(composed("redis", None, "host", "6379"), "redis://host:6379/0");
        assert!(!format!("{:?}", token("Ab1")).contains("Ab1"));
    }
}
