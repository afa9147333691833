use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::Refusal;
use crate::config::{SecretError, SecretSource};

/// What a delivery is signed with: the HMAC-SHA256 of its body.
pub(super) type Signature = [u8; 32];

/// The secret is read again when it is older: a rotated one counts soon.
const KEPT: Duration = Duration::from_secs(30);

/// The secret that GitHub signs with, and where it comes from.
#[derive(Debug)]
pub(super) struct Secret {
    source: SecretSource,
    kept: Mutex<(Instant, SecretString)>,
}

impl Secret {
    /// Reads it for the first time.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is empty.
    pub(super) fn read(source: SecretSource) -> Result<Self, SecretError> {
        let secret = source.read()?;
        Ok(Self { source, kept: Mutex::new((Instant::now(), secret)) })
    }

    /// Whether this body was signed so; in the same time for every wrong one.
    pub(super) fn has_signed(&self, body: &[u8], signature: &Signature) -> bool {
        let secret = self.newest();
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
            return false;
        };
        mac.update(body);
        mac.verify_slice(signature).is_ok()
    }

    fn newest(&self) -> SecretString {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0.elapsed() >= KEPT {
            kept.0 = Instant::now();
            match self.source.read() {
                Ok(secret) => kept.1 = secret,
                Err(error) => {
                    tracing::warn!(%error, "the secret of webhooks cannot be read again; the one from before counts");
                }
            }
        }
        kept.1.clone()
    }
}

/// The signature that a request carries: exactly one, of the newer kind.
///
/// # Errors
///
/// There is none, or none that counts. Nothing of the body was read yet.
pub(super) fn of(headers: &HeaderMap) -> Result<Signature, Refusal> {
    let mut all = headers.get_all("x-hub-signature-256").iter();
    let (first, second) = (all.next(), all.next());
    let Some(first) = first else {
        let is_old = headers.contains_key("x-hub-signature");
        return Err(if is_old { Refusal::OldSignature } else { Refusal::NoSignature });
    };
    if second.is_some() {
        return Err(Refusal::BadSignature);
    }
    let digits = first.as_bytes().strip_prefix(b"sha256=").ok_or(Refusal::BadSignature)?;
    let mut signature = Signature::default();
    hex::decode_to_slice(digits, &mut signature).map_err(|_| Refusal::BadSignature)?;
    Ok(signature)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use http::{HeaderMap, HeaderValue};

    use super::{Refusal, Secret, of};
    use crate::config::SecretSource;

    fn carrying(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn githubs_own_example_is_right_and_nothing_near_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "It's a Secret to Everybody\n").unwrap();
        let secret = Secret::read(SecretSource::File(path)).unwrap();
        let right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let signature = of(&carrying("x-hub-signature-256", right)).unwrap();
        assert!(secret.has_signed(b"Hello, World!", &signature));
        assert!(!secret.has_signed(b"Hello, World?", &signature));
        assert!(!secret.has_signed(b"", &signature));
        let mut other = signature;
        other[31] ^= 1;
        assert!(!secret.has_signed(b"Hello, World!", &other));
        assert!(!format!("{secret:?}").contains("Everybody"));
    }

    #[test]
    fn only_one_form_of_a_signature_counts() {
        let refusal = |name, value: &str| of(&carrying(name, value)).unwrap_err();
        assert_eq!(refusal("x-hub-signature", "sha1=aa"), Refusal::OldSignature);
        assert_eq!(refusal("x-other", "x"), Refusal::NoSignature);
        let digits = "7".repeat(64);
        for wrong in [
            String::new(),
            "sha256=".to_owned(),
            digits.clone(),
            format!("SHA256={digits}"),
            format!("sha256={}", &digits[..62]),
            format!("sha256={digits}77"),
            format!("sha256={}", "g".repeat(64)),
            format!("sha1={}", &digits[..40]),
        ] {
            assert_eq!(refusal("x-hub-signature-256", &wrong), Refusal::BadSignature, "{wrong}");
        }
        let mut two = carrying("x-hub-signature-256", &format!("sha256={digits}"));
        two.append("x-hub-signature-256", HeaderValue::from_static("sha256=aa"));
        assert_eq!(of(&two).unwrap_err(), Refusal::BadSignature);
    }
}
