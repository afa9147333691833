//! Whom the agent is in Microsoft Entra, and where that is: from environment
//! variables that are named as Microsoft's own libraries name them.

use std::{net::IpAddr, path::PathBuf};

use http::Uri;
use pointsman_core::rollout::Obstacle;
use secrecy::SecretString;

use crate::config::SecretSource;

/// Where tokens are granted, unless AZURE_AUTHORITY_HOST says otherwise.
const AUTHORITY: &str = "https://login.microsoftonline.com";
/// Where Microsoft Graph is, unless the authority is another cloud's.
const GRAPH: &str = "https://graph.microsoft.com";
/// Microsoft Graph of national clouds, by their authorities.
const NATIONAL: [(&str, &str); 3] = [
    ("login.microsoftonline.us", "https://graph.microsoft.us"),
    ("login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
    ("login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
];
/// A cloud whose authority is another one's as well: only its endpoint tells.
const DEFENSE: &str = "https://dod-graph.microsoft.us";

/// Who signs in, how, and where.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) tenant: String,
    pub(super) client: String,
    pub(super) credential: Credential,
    pub(super) authority: Base,
    pub(super) graph: Base,
    pub(super) scope: String,
}

/// What proves who the agent is; read when it is needed.
#[derive(Clone, Debug)]
pub(super) enum Credential {
    /// A client secret.
    Secret(SecretSource),
    /// A token of another identity provider, in a file.
    Federated(SecretSource),
}

/// An address without its path. Without TLS only on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_tls: bool,
}

impl Settings {
    /// From environment variables.
    pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Obstacle> {
        let set = |name: &str| variable(name).map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
        let needed = |name: &str| set(name).ok_or_else(|| lacks(format!("{name} is not set")));
        let named = |name: &str| {
            let value = needed(name)?;
            let is_name = value.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.'));
            if is_name { Ok(value) } else { Err(lacks(format!("{name} is no ID"))) }
        };
        let (tenant, client) = (named("AZURE_TENANT_ID")?, named("AZURE_CLIENT_ID")?);
        let credential = match (set("AZURE_CLIENT_SECRET"), set("AZURE_FEDERATED_TOKEN_FILE")) {
            (Some(_), _) => Credential::Secret(SecretSource::Variable("AZURE_CLIENT_SECRET".to_owned())),
            (None, Some(path)) => Credential::Federated(SecretSource::File(PathBuf::from(path))),
            (None, None) => {
                let what = "neither AZURE_CLIENT_SECRET nor AZURE_FEDERATED_TOKEN_FILE is set";
                return Err(lacks(what.to_owned()));
            }
        };
        let authority = set("AZURE_AUTHORITY_HOST").unwrap_or_else(|| AUTHORITY.to_owned());
        let authority = Base::of("AZURE_AUTHORITY_HOST", &authority)?;
        let national = NATIONAL.iter().find(|(host, _)| *host == authority.host).map(|(_, graph)| *graph);
        let cloud = national.unwrap_or(GRAPH);
        let endpoint = set("POINTSMAN_GRAPH_ENDPOINT").unwrap_or_else(|| cloud.to_owned());
        let graph = Base::of("POINTSMAN_GRAPH_ENDPOINT", &endpoint)?;
        let resource = if endpoint.trim_end_matches('/') == DEFENSE { DEFENSE } else { cloud };
        Ok(Self { tenant, client, credential, authority, graph, scope: format!("{resource}/.default") })
    }
}

impl Credential {
    /// The secret, as it is now.
    pub(super) fn read(&self) -> Result<SecretString, Obstacle> {
        let (Self::Secret(source) | Self::Federated(source)) = self;
        source.read().map_err(|error| lacks(format!("{}: {}", error.what, error.why)))
    }
}

impl Base {
    fn of(name: &str, text: &str) -> Result<Self, Obstacle> {
        let wrong = |why: &str| lacks(format!("{name} {why}"));
        let uri: Uri = text.parse().map_err(|_| wrong("is no address"))?;
        let is_bare = uri.path().trim_end_matches('/').is_empty() && uri.query().is_none();
        let authority = uri.authority().filter(|it| is_bare && !it.as_str().contains('@'));
        let authority = authority.ok_or_else(|| wrong("is not only a scheme and a host"))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback());
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if is_here => false,
            Some(_) | None => return Err(wrong("does not begin with https://")),
        };
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        Ok(Self { host, port, is_tls })
    }
}

fn lacks(what: String) -> Obstacle {
    Obstacle::Unconfigured { what }
}
