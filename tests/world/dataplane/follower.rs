//! Follows what the emulated load balancer says, and tells HAProxy.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::api::Api;
use super::balancer::Controls;
use super::table::{Action, Group, Rule, Table, Target, name_of};
use super::xml::Element;

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(80);
/// Attributes of a group are looked at in every so-manieth turn.
const ATTRIBUTE_TURNS: u64 = 10;

/// What the follower saw.
#[derive(Debug, Default)]
pub(super) struct History {
    seen: Mutex<Seen>,
    looked: Condvar,
}

#[derive(Debug, Default)]
struct Seen {
    looks: u64,
    tables: u64,
    failure: Option<String>,
    drains: BTreeMap<String, Vec<Drain>>,
}

/// A target that left its group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drain {
    /// It had not left then.
    pub(super) not_before: Instant,
    /// How long its connections must live from then on.
    pub(super) delay: Duration,
}

impl History {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The drains of a target, oldest first.
    pub(super) fn drains_of(&self, server: &str) -> Vec<Drain> {
        self.seen().drains.get(server).cloned().unwrap_or_default()
    }

    /// How often the decisions were replaced.
    pub(super) fn tables(&self) -> u64 {
        self.seen().tables
    }

    /// Waits until what AWS says now has been applied; the error is what hinders it.
    pub(super) fn settled(&self, patience: Duration) -> Result<(), String> {
        let until = Instant::now() + patience;
        let mut seen = self.seen();
        // The look that is under way may have begun before now.
        let wanted = seen.looks + 2;
        while seen.looks < wanted {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("AWS was not looked at: {:?}", seen.failure));
            }
            seen = self.looked.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }
}

/// The thread that follows. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Follower {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    /// Follows the load balancer whose name begins so, whether it is there yet or not. `drain`: the longest that a
    /// target drains in this account.
    pub(super) fn start(
        aws: SocketAddr,
        name: &str,
        drain: Duration,
        mut controls: Controls,
        history: Arc<History>,
    ) -> Result<Self> {
        let ends = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&ends);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut eyes = Eyes {
            api: Api::at(aws),
            name: name.to_owned(),
            drain,
            turn: 0,
            groups: BTreeSet::new(),
            attributes: BTreeMap::new(),
        };
        let thread = thread::Builder::new().name("follower".to_owned()).spawn(move || {
            let mut applied = Table::default();
            let mut before = Instant::now();
            while !ended.load(Ordering::Relaxed) {
                let begun = Instant::now();
                let mut changed = false;
                let result = runtime.block_on(eyes.look()).and_then(|table| {
                    changed = table != applied;
                    note_drains(&history, &applied, &table, before);
                    if changed {
                        controls.apply(&table)?;
                        applied = table;
                    }
                    Ok(())
                });
                let mut seen = history.seen();
                if result.is_ok() {
                    before = begun;
                    seen.looks += 1;
                    seen.tables += u64::from(changed);
                }
                seen.failure = result.err().map(|error| format!("{error:#}"));
                drop(seen);
                history.looked.notify_all();
                thread::sleep(PAUSE);
            }
        })?;
        Ok(Self { ends, thread: Some(thread) })
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn note_drains(history: &History, old: &Table, new: &Table, not_before: Instant) {
    let known: BTreeSet<String> = old.draining().map(|(server, _)| server).collect();
    for (server, delay) in new.draining().filter(|(server, _)| !known.contains(server)) {
        history.seen().drains.entry(server).or_default().push(Drain { not_before, delay });
    }
}

/// Asks AWS.
struct Eyes {
    api: Api,
    name: String,
    drain: Duration,
    turn: u64,
    /// ARNs of every group that a rule has ever named: its connections outlive the rule.
    groups: BTreeSet<String>,
    attributes: BTreeMap<String, (Duration, Duration)>,
}

impl Eyes {
    async fn look(&mut self) -> Result<Table> {
        let mut table = Table::default();
        self.turn += 1;
        for rule in self.rules().await? {
            for group in
                rule.list("Actions").iter().flat_map(|action| action.list("ForwardConfig/TargetGroups"))
            {
                self.groups.insert(group.text("TargetGroupArn").to_owned());
            }
            table.rules.push(Rule::read(&rule)?);
        }
        for arn in self.groups.clone() {
            match self.group(&arn).await {
                Ok(group) => {
                    table.groups.insert(name_of(&arn).to_owned(), group);
                }
                Err(error) if gone(&error) => {
                    self.groups.remove(&arn);
                }
                Err(error) => return Err(error),
            }
        }
        // What a rule names must be there, or the decision would be made from half a picture.
        for rule in &table.rules {
            if let Action::Forward { weights, .. } = &rule.action {
                for (group, _) in weights {
                    table.groups.get(group).with_context(|| format!("{group} is named and not there"))?;
                }
            }
        }
        Ok(table)
    }

    /// The rules of the listener with the lowest port, the default one last.
    async fn rules(&mut self) -> Result<Vec<Element>> {
        let balancers = self.api.balancing("DescribeLoadBalancers", &[]).await?;
        let ours = |balancer: &&Element| balancer.text("LoadBalancerName").starts_with(&self.name);
        let Some(balancer) = balancers.list("LoadBalancers").iter().find(ours) else {
            return Ok(Vec::new());
        };
        let arn = balancer.text("LoadBalancerArn").to_owned();
        let listeners = self.api.balancing("DescribeListeners", &[("LoadBalancerArn", &arn)]).await?;
        let listener = listeners
            .list("Listeners")
            .iter()
            .min_by_key(|listener| listener.text("Port").parse::<u16>().unwrap_or(u16::MAX));
        let Some(listener) = listener else { return Ok(Vec::new()) };
        let arn = listener.text("ListenerArn").to_owned();
        let mut rules = self.api.balancing("DescribeRules", &[("ListenerArn", &arn)]).await?;
        Ok(rules.take("Rules").map(Element::into_children).unwrap_or_default())
    }

    async fn group(&mut self, arn: &str) -> Result<Group> {
        if self.turn.is_multiple_of(ATTRIBUTE_TURNS) || !self.attributes.contains_key(arn) {
            let attributes = self.attributes_of(arn).await?;
            self.attributes.insert(arn.to_owned(), attributes);
        }
        let (sticky, delay) = self.attributes.get(arn).copied().unwrap_or_default();
        let health = self.api.balancing("DescribeTargetHealth", &[("TargetGroupArn", arn)]).await?;
        let targets = health.list("TargetHealthDescriptions").iter().map(|target| {
            let address = format!("{}:{}", target.text("Target/Id"), target.text("Target/Port"));
            (address, Target::read(target.text("TargetHealth/State")))
        });
        Ok(Group { sticky, delay, targets: targets.collect() })
    }

    /// (how long a client stays with a target, how long a target drains)
    async fn attributes_of(&mut self, arn: &str) -> Result<(Duration, Duration)> {
        let said = self.api.balancing("DescribeTargetGroupAttributes", &[("TargetGroupArn", arn)]).await?;
        let value = |key: &str| {
            let found = said.list("Attributes").iter().find(|attribute| attribute.text("Key") == key);
            found.map_or("", |attribute| attribute.text("Value"))
        };
        let seconds = |key: &str| Duration::from_secs(value(key).parse().unwrap_or(0));
        let sticky = match (value("stickiness.enabled"), value("stickiness.type")) {
            ("true", "lb_cookie") => seconds("stickiness.lb_cookie.duration_seconds"),
            ("true", kind) => bail!("stickiness by {kind} is not modelled"),
            _ => Duration::ZERO,
        };
        Ok((sticky, seconds("deregistration_delay.timeout_seconds").min(self.drain)))
    }
}

fn gone(error: &anyhow::Error) -> bool {
    format!("{error:#}").contains("NotFound")
}
