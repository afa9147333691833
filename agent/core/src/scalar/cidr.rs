use std::{fmt, str::FromStr};

use super::{ScalarError, string_scalar};

/// An IPv4 or IPv6 network, written `10.0.0.0/8`, without host bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cidr(ipnet::IpNet);

string_scalar!(Cidr, "cidr", "^[0-9a-fA-F.:]+/[0-9]{1,3}$", "A network: 10.0.0.0/8.");

impl Cidr {
    /// Whether every address is in it: `0.0.0.0/0` or `::/0`.
    pub fn is_everywhere(&self) -> bool {
        self.0.prefix_len() == 0
    }

    /// Whether it is an IPv6 network.
    pub fn is_ipv6(&self) -> bool {
        matches!(self.0, ipnet::IpNet::V6(_))
    }
}

impl FromStr for Cidr {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let network: ipnet::IpNet = text.parse().map_err(|_| {
            ScalarError::new(
                format!("`{text}` is not a network"),
                "write an address and a prefix length, such as `10.0.0.0/8`",
            )
        })?;
        if network.trunc() == network {
            Ok(Self(network))
        } else {
            Err(ScalarError::new(
                format!("`{text}` has bits set beyond its prefix"),
                format!("write `{}`", network.trunc()),
            ))
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
