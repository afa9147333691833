use std::net::IpAddr;

use http::{HeaderMap, header::HOST, uri::Authority};

/// The names under which the page answers. A browser that was led here by a
/// name of somebody else's choosing (DNS rebinding) is sent away.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts {
    /// The host of `public_url`, in small letters.
    public: Option<String>,
}

impl Hosts {
    /// Besides this machine, by this name.
    pub(super) fn new(public: Option<&str>) -> Self {
        Self { public: public.map(str::to_ascii_lowercase) }
    }

    /// Whether a request is meant for us: by a name of this machine, by an
    /// address (nobody's name leads there), or by the public one.
    pub(super) fn allow(&self, headers: &HeaderMap) -> bool {
        let mut all = headers.get_all(HOST).iter();
        let (Some(written), None) = (all.next(), all.next()) else { return false };
        let Some(authority) = written.to_str().ok().and_then(|host| host.parse::<Authority>().ok()) else {
            return false;
        };
        if authority.as_str().contains('@') {
            return false;
        }
        let host = authority.host().to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        host == "localhost" || address.parse::<IpAddr>().is_ok() || self.public.as_deref() == Some(host)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use http::{HeaderMap, HeaderValue, header::HOST};

    use super::Hosts;

    #[test]
    fn only_names_of_ours_are_answered() {
        let hosts = Hosts::new(Some("Ops.example.com"));
        let allows = |written: &str| {
            hosts.allow(&HeaderMap::from_iter([(HOST, HeaderValue::from_str(written).unwrap())]))
        };
        for ours in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:8080",
            "[::1]:8080",
            "10.0.1.5",
            "ops.example.com",
            "ops.example.com.:443",
        ] {
            assert!(allows(ours), "{ours}");
        }
        for other in [
            "",
            "evil.example",
            "localhost.evil.example",
            "ops.example.com.evil.example",
            "127.0.0.1.nip.io",
            "evil.example@localhost",
            "a b",
        ] {
            assert!(!allows(other), "{other}");
        }
        assert!(!hosts.allow(&HeaderMap::new()));
        let mut two = HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost"))]);
        two.append(HOST, HeaderValue::from_static("evil.example"));
        assert!(!hosts.allow(&two));
    }
}
