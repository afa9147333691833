//! The agent's own web server: webhooks, health, metrics, and the page. It
//! writes nothing; all that comes from outside can do is have the agent look.

mod bucket;
mod guard;
mod health;
mod hosts;
mod links;
mod page;
mod serve;
mod setup;
mod webhook;

use std::{net::SocketAddr, sync::Arc};

pub use links::{Links, Page};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    config::{Config, PublicUrl, SecretError},
    daemon::{Live, Wake},
    metrics::Metrics,
};
use health::Health;
use hosts::Hosts;
use page::Site;
use setup::Setup;
use webhook::Webhooks;

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The address is taken, or not this machine's.
    #[error(
        "nothing can listen at {at}, the `listen` of [server]: {why}; choose a free port of this machine"
    )]
    Listen {
        /// The address.
        at: SocketAddr,
        /// The system's words.
        why: std::io::Error,
    },
    /// The secret of webhooks cannot be read.
    #[error("webhooks cannot be verified: {0}")]
    Secret(#[from] SecretError),
}

/// Starts the server where the configuration wants one. Dropping its handle
/// does not end it; aborting does, with every connection.
///
/// # Errors
///
/// When it cannot listen, or the secret of webhooks cannot be read.
pub async fn start(
    config: &Config,
    live: Live,
    wake: &Arc<Wake>,
    metrics: &Arc<Metrics>,
) -> Result<Option<JoinHandle<()>>, WebError> {
    let Some(at) = config.server.listen else { return Ok(None) };
    let webhooks = match &config.github {
        Some(github) => Webhooks::of(github, Arc::clone(wake), Arc::clone(metrics), webhook::RATE)?,
        None => None,
    };
    if webhooks.is_none() && config.github.is_some() {
        tracing::info!(
            "webhooks are not answered: [github] has no `webhook_secret_file`; what happens there is seen at the next poll"
        );
    }
    let listener = TcpListener::bind(at).await.map_err(|why| WebError::Listen { at, why })?;
    let at = listener.local_addr().unwrap_or(at);
    let hosts = Hosts::new(config.server.public_url.as_ref().map(PublicUrl::host));
    let health = Health { live: live.clone(), metrics: Arc::clone(metrics) };
    let setup = Setup::of(config, at, live.name());
    let mut router = Site::new(live, &config.server, hosts.clone()).routes().merge(health.routes());
    if let Some(webhooks) = webhooks {
        router = router.merge(Arc::new(webhooks).routes());
    }
    if let Some(setup) = setup {
        tracing::info!("there is no [github]: http://{at}/setup/github makes a GitHub App for this agent");
        router = router.merge(setup.routes(hosts));
    }
    tracing::info!("the page is at http://{at}/");
    Ok(Some(tokio::spawn(serve::serve(listener, router))))
}
