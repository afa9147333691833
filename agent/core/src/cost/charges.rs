use serde::{Deserialize, Serialize};

use super::{Dollars, Monthly, prices::Prices};
use crate::{
    Address,
    resource::{Estate, ReplicationGroup, Resource, Service},
};

/// Hours of a month, as AWS's own examples count them.
pub const HOURS: u64 = 730;

/// What is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// The processors of tasks.
    Vcpu,
    /// The memory of tasks.
    Gigabyte,
    /// Nodes of a cache.
    Node,
    /// Load balancers.
    LoadBalancer,
    /// Secrets.
    Secret,
    /// Alarms of one metric each.
    Alarm,
}

/// How long a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// An hour; a month has 730.
    Hour,
    /// A month.
    Month,
}

impl Per {
    fn in_a_month(self) -> u64 {
        match self {
            Self::Hour => HOURS,
            Self::Month => 1,
        }
    }
}

/// A number of things: as few, as many as usual, as many at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    /// Never fewer.
    pub low: u32,
    /// At first, or now.
    pub usual: u32,
    /// Never more.
    pub high: u32,
}

impl Number {
    /// Always as many.
    pub fn fixed(number: u32) -> Self {
        Self { low: number, usual: number, high: number }
    }
}

/// One line of an object's bill: number × each × time × price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// What is paid for.
    pub unit: Unit,
    /// How many: tasks, nodes, objects.
    pub number: Number,
    /// How much of the unit each has, in thousandths: 2 vCPU are 2000.
    pub each_thousandths: u64,
    /// What the price is for.
    pub per: Per,
    /// What one unit costs for as long.
    pub price: Dollars,
    /// What it comes to.
    pub monthly: Monthly,
}

impl Charge {
    fn new(unit: Unit, number: Number, each_thousandths: u64, per: Per, price: Dollars) -> Self {
        let of = |number: u32| {
            price.for_thousandths(
                u64::from(number).saturating_mul(each_thousandths).saturating_mul(per.in_a_month()),
            )
        };
        let monthly = Monthly { low: of(number.low), usual: of(number.usual), high: of(number.high) };
        Self { unit, number, each_thousandths, per, price, monthly }
    }

    fn one(unit: Unit, per: Per, price: Dollars) -> Self {
        Self::new(unit, Number::fixed(1), 1_000, per, price)
    }
}

/// What is paid for by use, which no file tells, or has no price in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    /// A load balancer's capacity units, for each hour.
    CapacityUnits,
    /// Public IPv4 addresses of a load balancer, for each hour: one in each
    /// zone at least.
    PublicAddresses,
    /// Gigabytes of logs that come in.
    Logs,
    /// Dashboards beyond the three that an account has for nothing.
    Dashboard,
    /// Millions of requests to a queue.
    Requests,
    /// Gigabytes of a bucket for a month each.
    Storage,
    /// Tasks that a schedule starts, for as long as they run.
    ScheduledTasks,
    /// The table has no price of this node type.
    NodeType,
    /// The table has no price of this processor architecture.
    Architecture,
}

/// Something that is not counted, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotCounted {
    /// Of which object.
    pub address: Address,
    /// What it is.
    pub usage: Usage,
    /// What one of it costs, where that is known.
    pub price: Option<Dollars>,
}

/// What one object is charged for.
#[derive(Debug, Default)]
pub(super) struct Bill {
    pub(super) charges: Vec<Charge>,
    pub(super) not_counted: Vec<(Usage, Option<Dollars>)>,
}

/// What an object costs, by its kind: an arm for each.
pub(super) fn bill(resource: &Resource, standing: &Standing<'_>, prices: &Prices) -> Bill {
    let mut bill = Bill::default();
    match resource {
        Resource::Service(service) => tasks(service, standing, prices, &mut bill),
        Resource::ReplicationGroup(group) => nodes(group, prices, &mut bill),
        Resource::LoadBalancer(balancer) => {
            bill.charges.push(Charge::one(Unit::LoadBalancer, Per::Hour, prices.load_balancer_hour));
            bill.not_counted.push((Usage::CapacityUnits, Some(prices.load_balancer_capacity_unit_hour)));
            if balancer.scheme == "internet-facing" {
                bill.not_counted.push((Usage::PublicAddresses, Some(prices.public_address_hour)));
            }
        }
        Resource::LogGroup(_) => bill.not_counted.push((Usage::Logs, Some(prices.logs_gigabyte))),
        Resource::Secret(_) => bill.charges.push(Charge::one(Unit::Secret, Per::Month, prices.secret_month)),
        Resource::Alarm(alarm) => {
            // Values of less than a minute are high resolution.
            let price = if alarm.period < 60 { prices.fine_alarm_month } else { prices.alarm_month };
            bill.charges.push(Charge::one(Unit::Alarm, Per::Month, price));
        }
        Resource::Dashboard(_) => bill.not_counted.push((Usage::Dashboard, Some(prices.dashboard_month))),
        Resource::Queue(_) => {
            bill.not_counted.push((Usage::Requests, Some(prices.queue_million_requests)));
        }
        Resource::Bucket(_) => bill.not_counted.push((Usage::Storage, Some(prices.bucket_gigabyte_month))),
        Resource::Schedule(_) => bill.not_counted.push((Usage::ScheduledTasks, None)),
        // Nothing is asked for these.
        Resource::SecurityGroup(_)
        | Resource::TargetGroup(_)
        | Resource::Listener(_)
        | Resource::ListenerRule(_)
        | Resource::TaskDefinition(_)
        | Resource::CacheSubnetGroup(_)
        | Resource::CacheParameterGroup(_)
        | Resource::ScalableTarget(_)
        | Resource::ScalingPolicy(_)
        | Resource::ScheduledAction(_) => {}
    }
    bill
}

/// An object's place among others.
pub(super) struct Standing<'a> {
    pub(super) address: &'a Address,
    pub(super) estate: &'a Estate<'a>,
    /// What lives now: how many tasks an autoscaler has decided on.
    pub(super) lives: &'a Estate<'a>,
}

fn tasks(service: &Service, standing: &Standing<'_>, prices: &Prices, bill: &mut Bill) {
    let beside = standing.address.part("task_definition");
    let task = [standing.estate.behind(&service.task_definition), standing.estate.at(&beside)]
        .into_iter()
        .flatten()
        .find_map(|resource| match resource {
            Resource::TaskDefinition(task) => Some(task),
            _ => None,
        });
    let Some(task) = task else { return };
    let Some(fargate) = prices.fargate.get(&task.architecture.to_ascii_uppercase()) else {
        bill.not_counted.push((Usage::Architecture, None));
        return;
    };
    let number = number_of_tasks(service, standing);
    // AWS counts a vCPU in 1024 units and a gigabyte in 1024 MiB.
    let thousandths = |units: u32| u64::from(units) * 1_000 / 1_024;
    bill.charges.push(Charge::new(Unit::Vcpu, number, thousandths(task.cpu), Per::Hour, fargate.vcpu_hour));
    bill.charges.push(Charge::new(
        Unit::Gigabyte,
        number,
        thousandths(task.memory),
        Per::Hour,
        fargate.gigabyte_hour,
    ));
}

/// As many as the file says, or as the autoscaler keeps now, within the bounds
/// that it and its schedules have.
fn number_of_tasks(service: &Service, standing: &Standing<'_>) -> Number {
    use crate::resource::Count;
    let usual = match service.count {
        Count::Fixed(tasks) | Count::AtLeast(tasks) => tasks,
        Count::Initially(tasks) => match standing.lives.at(standing.address) {
            Some(Resource::Service(live)) => live.count.tasks(),
            _ => tasks,
        },
    };
    let bounds = standing.estate.iter().find_map(|(_, resource)| match resource {
        Resource::ScalableTarget(target)
            if target.cluster == service.cluster && target.service == service.name =>
        {
            Some(target)
        }
        _ => None,
    });
    let Some(bounds) = bounds else { return Number::fixed(usual) };
    let low = bounds.scheduled.iter().map(|(least, _)| *least).fold(bounds.min, u32::min);
    let high = bounds.scheduled.iter().map(|(_, most)| *most).fold(bounds.max, u32::max);
    Number { low: low.min(usual), usual, high: high.max(usual) }
}

fn nodes(group: &ReplicationGroup, prices: &Prices, bill: &mut Bill) {
    let price = prices.cache.get(&group.engine).and_then(|nodes| nodes.get(&group.node_type));
    match price {
        Some(price) => {
            bill.charges.push(Charge::new(Unit::Node, Number::fixed(group.nodes), 1_000, Per::Hour, *price));
        }
        None => bill.not_counted.push((Usage::NodeType, None)),
    }
}
