use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use pointsman_core::{
    Address,
    desired::{Neighbour, Network, Surroundings},
    environment::{EnvironmentName, block},
    preflight::{Answers, Questions},
    report::{StoppedTask, adoption::Tagged},
    resource::{Alarm, Desired, Observed, Resource, Service},
    rollout::{Behind, EcsRelease, Facts, LetsIn, Migration, Old, OldCount, Pair, Slot},
};

pub use pointsman_core::preflight::Identity;

use super::{CloudError, Listener};
use crate::lease::LeaseProof;

/// Something to look for.
#[derive(Clone, Debug)]
pub struct Sought {
    /// Under which address it will be known.
    pub address: Address,
    /// The id it was recorded with; asked for first.
    pub id: Option<String>,
    /// What it should be, or was last made to be: its name is asked for when
    /// there is no id, or nothing with that id stands any more. Links that are
    /// not known yet are found through the other things sought.
    pub resource: Resource,
    /// What it was last made to be, where it is recorded; every link is known.
    pub recorded: Option<Resource>,
}

/// A rollout that is under way, as it is looked at.
#[derive(Clone, Debug)]
pub struct Underway {
    /// What was recorded of each slot; none where it does not stand.
    pub sides: Pair<Option<Standing>>,
    /// The side whose tasks are watched, however many there are at this moment: those
    /// that stopped are asked for at each look.
    pub watched: Option<Slot>,
    /// Whether nothing may begin before the last process of a side at zero has
    /// ended: ECS counts a task no more as running while it stops.
    pub until_gone: bool,
    /// The ARN of each slot's target group, whether a service stands behind it or
    /// not yet.
    pub groups: Pair<Option<String>>,
    /// The ARN of the rule that leads people to the service.
    pub rule: Option<String>,
    /// The load balancer, as CloudWatch calls it.
    pub balancer: Option<String>,
    /// The names of the alarms that turn it back.
    pub alarms: Vec<String>,
    /// Those of them that measure blue, as they would measure green.
    pub on_green: Vec<OnGreen>,
    /// When it was opened, Unix milliseconds.
    pub opened_at_ms: u64,
    /// Since when requests are counted, Unix milliseconds; not at all where none.
    pub counted_since_ms: Option<u64>,
}

/// An alarm that measures blue, as it would measure green.
#[derive(Clone, Debug)]
pub struct OnGreen {
    /// With green's dimensions.
    pub alarm: Alarm,
    /// How it is called where it rings.
    pub name: String,
    /// Since when green has traffic, Unix milliseconds: what it did before, as it
    /// started, turns nothing back.
    pub since_ms: u64,
}

/// A side of a service, as it was recorded.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its ECS service; every link is known.
    pub service: Service,
    /// The service's ARN.
    pub id: String,
}

/// A task that runs once and ends by itself: a service's own, with another command.
#[derive(Clone, Debug)]
pub struct OneOff {
    /// The service; every link is known.
    pub service: Service,
    /// What it runs.
    pub command: Vec<String>,
    /// Where it writes its log.
    pub log_group: String,
    /// It is started once under this, and found by it; at most 64 characters.
    pub token: String,
}

/// What can be asked of an account.
#[async_trait]
pub trait CloudReader: Send + Sync {
    /// Who we are.
    async fn identity(&self) -> Result<Identity, CloudError>;

    /// What an environment stands in and refers to: exactly one VPC, at least
    /// one subnet for each selection, and every external as far as it is referred to.
    async fn surroundings(
        &self,
        environment: &EnvironmentName,
        network: &block::Network,
        externals: &BTreeMap<String, block::Referred>,
    ) -> Result<Surroundings, CloudError>;

    /// The network alone.
    async fn network(&self, network: &block::Network) -> Result<Network, CloudError>;

    /// One external alone, and all of it.
    async fn external(&self, name: &str, external: &block::External) -> Result<Neighbour, CloudError>;

    /// Everything of these that stands, whoever owns it, in as few calls and
    /// as short a chain of them as AWS allows.
    async fn observe(&self, sought: &[Sought]) -> Result<BTreeMap<Address, Observed>, CloudError>;

    /// Everything that carries the environment's tag, as AWS's index of tags has
    /// it: it lags behind, and does not know every kind.
    async fn tagged(&self, environment: &EnvironmentName) -> Result<Vec<Tagged>, CloudError>;

    /// What preflight asks, side by side: each question has an answer of its own.
    async fn preflight(&self, questions: &Questions) -> Answers;

    /// How a rollout's two sides are, side by side. `checked` and `polls` are
    /// not answered here.
    async fn underway(&self, rollout: &Underway) -> Result<Facts, CloudError>;

    /// The tasks of a service that stopped by themselves since then (Unix
    /// milliseconds), the newest first and a few of them, with the last lines
    /// that they wrote.
    async fn last_words(&self, service: &Service, since_ms: u64) -> Result<Vec<StoppedTask>, CloudError>;

    /// How far a task is that was started; none where AWS knows nothing of it,
    /// or not any more: about an hour after its end.
    async fn one_off(&self, task: &OneOff) -> Result<Option<Migration>, CloudError>;

    /// Waits until an object can be worked with, telling what AWS says, for as
    /// long as its kind may take; an error of kind `Failed` when AWS gave up.
    /// For a service: until its newest deployment is the only one, all its
    /// tasks run, and the load balancer finds them healthy.
    async fn settle(
        &self,
        address: &Address,
        object: &Observed,
        listener: &dyn Listener,
    ) -> Result<Observed, CloudError>;

    /// By what ECS tells the newest release that it carried out of a service
    /// itself from others; none where it knows of none.
    async fn newest_release(&self, service: &Service) -> Result<Option<String>, CloudError>;

    /// The same as [`Self::settle`] for a service whose releases ECS carries
    /// out itself. Where it is known which release was the newest before that
    /// which is waited for, how that one ended does not count.
    async fn settle_release(
        &self,
        address: &Address,
        object: &Observed,
        service: &Service,
        after: Option<&str>,
        listener: &dyn Listener,
    ) -> Result<Observed, CloudError>;

    /// Why ECS went back with the newest release of a service that it carried
    /// out itself, where that is this one.
    async fn went_back(&self, service: &Service, release: &EcsRelease) -> Result<Option<String>, CloudError>;
}

/// What can be done to an account, by whoever holds the lease. Every call may
/// be repeated: what is done already is left as it is.
#[async_trait]
pub trait CloudWriter: Send + Sync {
    /// Makes an object, or finds the one that an earlier try with the same
    /// token made. All links are known. An error of kind `NotOurs` when the
    /// name is taken by something else.
    async fn create(&self, desired: &Desired, token: &str) -> Result<Observed, CloudError>;

    /// Brings the named fields of an object to what they should be. For a task
    /// definition: registers a new revision, and answers that one.
    async fn update(
        &self,
        object: &Observed,
        desired: &Desired,
        fields: &[String],
        token: &str,
    ) -> Result<Observed, CloudError>;

    /// Deletes an object and waits until it is gone; gone already is well.
    async fn delete(
        &self,
        address: &Address,
        object: &Observed,
        listener: &dyn Listener,
    ) -> Result<(), CloudError>;

    /// Starts a task that runs once; one that was started under its token is
    /// not started again.
    async fn start(&self, task: &OneOff) -> Result<(), CloudError>;

    /// Stops it, where it still runs.
    async fn stop(&self, task: &OneOff) -> Result<(), CloudError>;

    /// Tells ECS to go back with the release of a service that it carries out
    /// itself; whether there was one that could be.
    async fn turn_back(&self, service: &Service) -> Result<bool, CloudError>;

    /// Brings the number of tasks of a service that is not ours to what the
    /// approved plan of a cut-over says.
    async fn count_old(&self, old: &Old, count: OldCount) -> Result<(), CloudError>;

    /// Adds or takes away the one rule that lets the load balancer's security
    /// group reach it.
    async fn let_in(&self, old: &Old, balancer: &str, wanted: LetsIn) -> Result<(), CloudError>;

    /// Brings a target group of ours to the addresses of its running tasks, or
    /// to none.
    async fn follow_old(&self, old: &Old, group: &str, behind: Behind) -> Result<(), CloudError>;
}

/// An account: can be read, and written by whoever proves to hold the lease.
pub trait Cloud: CloudReader {
    /// The writing side. Its every call checks the proof once more, right
    /// before it leaves.
    fn writer(&self, proof: &LeaseProof) -> Arc<dyn CloudWriter>;
}
