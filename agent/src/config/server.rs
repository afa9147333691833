//! `[server]`: where the agent's own web server listens, and how others reach it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::Range,
};

use serde::Deserialize;
use toml::Spanned;

/// The agent's own web server: page, health, metrics, webhooks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// Where it listens; none: there is no server. Port 0 is any free one.
    pub listen: Option<SocketAddr>,
    /// How people and GitHub reach it; what is written on GitHub links there.
    pub public_url: Option<PublicUrl>,
}

/// An address for browsers: scheme, host, and perhaps a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// Without a slash at its end.
    base: String,
    host: String,
    path: String,
}

impl PublicUrl {
    /// From `https://HOST[:PORT][/PATH]`; nothing else may be in it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let uri: http::Uri = text.parse().map_err(|_| "it is not an address")?;
        let authority = uri.authority().ok_or("it names no host")?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err("it is neither http nor https");
        }
        if authority.as_str().contains('@') {
            return Err("it holds a user or password");
        }
        if uri.query().is_some() || text.contains('#') {
            return Err("it has a query or a fragment");
        }
        let path = uri.path().trim_end_matches('/').to_owned();
        let base = format!("{}://{authority}{path}", uri.scheme_str().unwrap_or("https"));
        Ok(Self { base, host: authority.host().to_ascii_lowercase(), path })
    }

    /// The whole, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The host's name alone, in small letters.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path that a proxy in front takes away; empty or `/something`.
    pub fn path(&self) -> &str {
        &self.path
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerSection {
    listen: Option<Spanned<String>>,
    public_url: Option<Spanned<String>>,
}

impl ServerSection {
    /// What the section means; `fail` is told what makes no sense, with what to do.
    pub(super) fn checked(self, fail: &mut dyn FnMut(Range<usize>, String, &'static str)) -> Server {
        let Self { listen, public_url } = self;
        let listen = listen.and_then(|written| {
            let address = address(written.get_ref());
            if address.is_none() {
                let message = format!("[server] `{}` is no place to listen at", written.get_ref());
                let help = "write `127.0.0.1:8080`, a port alone for localhost, or `0.0.0.0:8080` for every network of this machine";
                fail(written.span(), message, help);
            }
            address
        });
        let public_url = public_url.and_then(|written| match PublicUrl::parse(written.get_ref()) {
            Ok(url) => Some(url),
            Err(why) => {
                // The text may hold a password: it is not repeated.
                let help = "write `https://HOST`, as browsers reach the page";
                fail(written.span(), format!("[server] `public_url` cannot be used: {why}"), help);
                None
            }
        });
        Server { listen, public_url }
    }
}

/// A port alone is localhost's: nobody opens more by forgetting something.
fn address(text: &str) -> Option<SocketAddr> {
    let here = |port: &str| Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port.parse().ok()?));
    match text.strip_prefix("localhost:") {
        Some(port) => here(port),
        None => text.parse().ok().or_else(|| here(text)),
    }
}
