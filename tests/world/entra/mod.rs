//! A stand-in for Microsoft Entra's token endpoint and Microsoft Graph's beta endpoint, built from Microsoft's
//! documentation: one tenant, one client, and one application that the application proxy publishes. What it leads
//! people to, a [`Door`] follows.
//!
//! Sources: *OAuth 2.0 client credentials flow* (MicrosoftDocs/entra-docs), *Get application*, *Update application*,
//! *onPremisesPublishing resource type* and *Microsoft Graph error responses* (microsoftgraph/microsoft-graph-docs-contrib).
//! What was never compared with Microsoft: everything.

mod graph;
mod server;
mod sign_in;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    net::SocketAddr,
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::dataplane::Door;
use server::Server;

/// The tenant, the client that signs in, and the application that is published: its Object ID.
pub const TENANT: &str = "a8990e1f-ff32-408a-9f8e-78d3b9139b95";
/// The client.
pub const CLIENT: &str = "535fb089-9ff3-47b6-9bfb-4f1264799865";
/// The application.
pub const APPLICATION: &str = "03ef14b0-ca33-4840-8f4f-d6e91916010e";
/// The client's secret, with what a form must escape.
pub const SECRET: &str = "canary~Q8w&+=/ %entra";

/// Something that goes wrong with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The sign-in is refused.
    SignIn,
    /// The next write is refused: the permission lacks.
    Forbidden,
    /// The next request to Graph is turned away, with so much silence wanted.
    Throttled(Duration),
    /// The next request to Graph is answered 503.
    Unavailable,
    /// The next write is done, and its answer never comes.
    LostReply,
    /// The next write never arrives.
    LostRequest,
    /// The token is not good any more.
    Expired,
}

/// Who is told where people are led; none for a URL that leads nowhere.
type Route = Box<dyn Fn(&str) -> Option<SocketAddr> + Send>;

struct State {
    internal_url: String,
    secret: String,
    tokens: Vec<String>,
    faults: VecDeque<Fault>,
    may_write: bool,
    writes: Vec<String>,
    requests: Vec<String>,
    violations: Vec<String>,
    route: Option<(Door, Route)>,
}

impl State {
    /// Where the application leads from now on.
    fn lead(&mut self, url: &str) {
        self.internal_url = url.to_owned();
        if let Some((door, route)) = &self.route
            && let Some(address) = route(url)
        {
            door.lead(address);
        }
    }

    /// Whether this goes wrong now.
    fn goes_wrong(&mut self, is_this: impl Fn(Fault) -> bool) -> Option<Fault> {
        let at = self.faults.iter().position(|fault| is_this(*fault))?;
        self.faults.remove(at)
    }
}

/// The stand-in. Ends when it is dropped.
pub struct Entra {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl std::fmt::Debug for Entra {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entra").finish_non_exhaustive()
    }
}

impl Entra {
    /// Publishes an application that leads to this URL.
    ///
    /// # Panics
    ///
    /// When it cannot listen.
    #[must_use]
    pub fn publishing(internal_url: &str) -> Self {
        let state = State {
            internal_url: internal_url.to_owned(),
            secret: SECRET.to_owned(),
            tokens: Vec::new(),
            faults: VecDeque::new(),
            may_write: true,
            writes: Vec::new(),
            requests: Vec::new(),
            violations: Vec::new(),
            route: None,
        };
        let state = Arc::new(Mutex::new(state));
        Self { server: Server::start(Arc::clone(&state)), state }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// People enter by this door, which leads where a URL leads.
    pub fn leads(&self, door: &Door, route: impl Fn(&str) -> Option<SocketAddr> + Send + 'static) {
        self.lock().route = Some((door.clone(), Box::new(route)));
    }

    /// Leads a command to this stand-in, signed in as the client.
    pub fn lead(&self, command: &mut Command) {
        command
            .env("AZURE_TENANT_ID", TENANT)
            .env("AZURE_CLIENT_ID", CLIENT)
            .env("AZURE_CLIENT_SECRET", SECRET)
            .env("AZURE_AUTHORITY_HOST", self.address())
            .env("POINTSMAN_GRAPH_ENDPOINT", self.address());
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.server.root
    }

    /// Where the application leads.
    #[must_use]
    pub fn internal_url(&self) -> String {
        self.lock().internal_url.clone()
    }

    /// Somebody leads it elsewhere in the portal.
    pub fn set_in_portal(&self, url: &str) {
        self.lock().lead(url);
    }

    /// Whether the client has the permission to write.
    pub fn permit(&self, may_write: bool) {
        self.lock().may_write = may_write;
    }

    /// This goes wrong once, as soon as it can.
    pub fn fail(&self, fault: Fault) {
        self.lock().faults.push_back(fault);
    }

    /// Every URL that was written, in order.
    #[must_use]
    pub fn writes(&self) -> Vec<String> {
        self.lock().writes.clone()
    }

    /// Every request and its answer's status: `PATCH 204`.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.lock().requests.clone()
    }

    /// What was asked otherwise than Microsoft's documentation says.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }
}
