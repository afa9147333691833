//! The data plane: what users notice while releases happen. A real reverse proxy does what the emulated
//! load balancer says, real processes answer behind it, and a load generator counts what it costs.
//! docs/dataplane.md says what is modelled.

mod api;
mod balancer;
mod door;
mod follower;
mod http;
mod load;
mod meter;
mod server;
mod stores;
mod table;
mod websocket;
mod xml;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};

pub use door::Door;
pub use http::Answer;
pub use load::{Crowd, Load, Manners, PASSWORD, Report, Side};
pub use meter::Meter;
pub use stores::Stores;

use crate::aws::Emulator;
use balancer::Balancer;
use follower::{Follower, History};
use load::Traffic;

/// How long anything is waited for, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a quiet connection is kept: a load balancer's own default.
const IDLE: Duration = Duration::from_secs(60);

/// The proxy must hear that a target leaves well before it is gone.
const SHORTEST_DRAIN: Duration = Duration::from_secs(1);

/// A reverse proxy that does what one load balancer of the account says.
///
/// The account's tasks must run the stores' [`application`](Stores::application). Dropped before the account.
#[derive(Debug)]
pub struct DataPlane {
    // Dropped in this order: who commands the proxy, then the proxy.
    _follower: Follower,
    balancer: Balancer,
    history: Arc<History>,
    stores: Arc<Stores>,
    host: String,
    manners: Manners,
    aws: SocketAddr,
}

impl DataPlane {
    /// Starts it for the load balancer whose name begins so, which may come into being later. `host`: what
    /// people type to reach the application.
    ///
    /// # Panics
    ///
    /// When HAProxy is missing or does not start; the message says what to install.
    #[must_use]
    pub fn start(aws: &Emulator, stores: &Arc<Stores>, balancer: &str, host: &str) -> Self {
        match Self::try_start(aws, stores, balancer, host) {
            Ok(plane) => plane,
            Err(error) => panic!("the data plane did not start: {error:#}"),
        }
    }

    fn try_start(aws: &Emulator, stores: &Arc<Stores>, name: &str, host: &str) -> Result<Self> {
        if aws.drain() < SHORTEST_DRAIN {
            bail!(
                "a target of this account drains for {:?}, {SHORTEST_DRAIN:?} at least are needed: the proxy \
                 learns of a change a moment later (`Options::drain`)",
                aws.drain()
            );
        }
        let endpoint = aws.direct_endpoint();
        let address: SocketAddr =
            endpoint.trim_start_matches("http://").parse().context("the emulator's address")?;
        let balancer = Balancer::start(IDLE)?;
        let history = Arc::new(History::default());
        let follower =
            Follower::start(address, name, aws.drain(), balancer.controls(), Arc::clone(&history))?;
        Ok(Self {
            _follower: follower,
            balancer,
            history,
            stores: Arc::clone(stores),
            host: host.to_owned(),
            manners: Manners::default(),
            aws: address,
        })
    }

    /// People use another application than the small one.
    #[must_use]
    pub fn used_as(self, manners: Manners) -> Self {
        Self { manners, ..self }
    }

    /// Where people reach the load balancer.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.balancer.address()
    }

    /// Waits until the proxy does what AWS says now.
    ///
    /// # Panics
    ///
    /// When it does not come to that within a minute.
    pub fn settle(&self) {
        if let Err(failure) = self.history.settled(PATIENCE) {
            panic!("the proxy does not do what the load balancer says: {failure}");
        }
    }

    /// How often what the proxy decides by has been replaced.
    #[must_use]
    pub fn replacements(&self) -> u64 {
        self.history.tables()
    }

    /// One request of nobody in particular.
    ///
    /// # Panics
    ///
    /// When there is no answer at all.
    #[must_use]
    pub fn ask(&self, host: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let answer = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
            runtime.block_on(async {
                let mut connection = http::Connection::open(self.address()).await?;
                Ok(connection.ask(&http::request("GET", path, host, headers)).await?)
            })
        });
        answer.expect("the load balancer answers")
    }

    /// The command line that migrates the application's database, for an image that runs its command.
    #[must_use]
    pub fn migration(&self) -> Vec<String> {
        self.stores.migration()
    }

    /// Whose migrations began, in their order.
    ///
    /// # Panics
    ///
    /// When PostgreSQL does not say.
    #[must_use]
    pub fn migrations(&self) -> Vec<String> {
        self.stores.said("SELECT image FROM migrations")
    }

    /// Which images were on the database at the same time, migrations among them: the later and the earlier, each
    /// time that they met.
    ///
    /// # Panics
    ///
    /// When PostgreSQL does not say.
    #[must_use]
    pub fn met(&self) -> Vec<String> {
        self.stores.said("SELECT later, earlier FROM met")
    }

    /// Tells CloudWatch what the load balancer counts of a load, for as long as it is kept.
    ///
    /// # Panics
    ///
    /// When no thread can be started.
    #[must_use]
    pub fn meter(&self, load: &Load) -> Meter {
        Meter::start(self.aws, load.counted()).expect("a thread can be started")
    }

    /// Lets a crowd use the application, 220 requests a second of the small one in all; returns when everybody is there.
    ///
    /// # Panics
    ///
    /// When that takes longer than a minute.
    #[must_use]
    pub fn load(&self, crowd: Crowd) -> Load {
        self.load_by(&Door::to(self.address()), crowd)
    }

    /// The same, for people who enter by a door.
    ///
    /// # Panics
    ///
    /// When that takes longer than a minute.
    #[must_use]
    pub fn load_by(&self, door: &Door, crowd: Crowd) -> Load {
        let traffic = Traffic { to: door.clone(), host: self.host.clone(), crowd, manners: self.manners };
        Load::start(traffic, Arc::clone(&self.history), Arc::clone(&self.stores), PATIENCE)
    }
}
