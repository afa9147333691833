//! Whether there is room: addresses, and what AWS allows an account.

use super::{Answer, Finding, Limit, Problem, Quota, Subject};
use crate::{environment::block, resource::Kind};

/// A load balancer wants so many free addresses in each of its subnets.
const BALANCER_ADDRESSES: u64 = 8;

/// Tasks of a service: those of one fleet at first, and at most.
fn fleet(service: &block::Service) -> (u64, u64) {
    let count = u64::from(service.count);
    let most = service.scaling.as_ref().map_or(count, |scaling| u64::from(scaling.max));
    (count, most.max(count))
}

/// The new fleet finds addresses beside the old one, at its peak as well.
pub(super) fn addresses(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let (Ok(network), Some(free)) = (&subject.facts.network, &subject.facts.answers.free_addresses) else {
        return;
    };
    let free = match free {
        Ok(free) => free,
        Err(error) => {
            found.push(subject.note("network", Problem::Unanswered { error: Box::new(error.clone()) }));
            return;
        }
    };
    let file = &subject.environment.file;
    for (selection, subnets) in &network.subnets {
        let has: u64 = subnets.iter().filter_map(|subnet| free.get(&subnet.id)).sum();
        let fleets = file.service.values().filter(|service| service.subnets == *selection).map(fleet);
        let (now, most) = fleets.fold((0, 0), |(now, most), fleet| (now + fleet.0, most + 2 * fleet.1));
        let about = format!("network.{selection}_subnets");
        let problem = |needed| Problem::FewAddresses { selection: selection.clone(), free: has, needed };
        if now > has {
            found.push(subject.error(about, problem(now)));
        } else if most > has {
            found.push(subject.warning(about, problem(most)));
        }
    }
    for (name, balancer) in &file.load_balancer {
        let subnets = network.subnets.get(&balancer.subnets).map(Vec::as_slice).unwrap_or_default();
        for subnet in subnets.iter().filter(|_| creates(subject, Kind::LoadBalancer) > 0) {
            let has = free.get(&subnet.id).copied().unwrap_or(BALANCER_ADDRESSES);
            if has < BALANCER_ADDRESSES {
                found.push(subject.error(
                    format!("load_balancer.{name}.subnets"),
                    Problem::FullSubnet { subnet: subnet.id.clone(), free: has, needed: BALANCER_ADDRESSES },
                ));
            }
        }
    }
}

/// A load balancer needs two zones; tasks in one zone end with it.
pub(super) fn zones(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let Ok(network) = &subject.facts.network else {
        return;
    };
    let zones = |selection: &str| {
        let mut zones: Vec<String> =
            network.subnets.get(selection).into_iter().flatten().map(|subnet| subnet.zone.clone()).collect();
        zones.sort();
        zones.dedup();
        zones
    };
    let file = &subject.environment.file;
    for (name, balancer) in &file.load_balancer {
        let zones = zones(&balancer.subnets);
        if zones.len() == 1 {
            let problem = Problem::OneZone { selection: balancer.subnets.clone(), zone: zones[0].clone() };
            found.push(subject.error(format!("load_balancer.{name}.subnets"), problem));
        }
    }
    for (name, service) in &file.service {
        let zones = zones(&service.subnets);
        if zones.len() == 1 && fleet(service).1 > 1 {
            let problem = Problem::OneZone { selection: service.subnets.clone(), zone: zones[0].clone() };
            found.push(subject.warning(format!("service.{name}.subnets"), problem));
        }
    }
}

/// How many of a kind the plan makes.
fn creates(subject: &Subject<'_>, kind: Kind) -> u64 {
    let changes = subject.prospect.and_then(|prospect| prospect.plan).map(|plan| plan.changes.as_slice());
    let made =
        changes.unwrap_or_default().iter().filter(|change| change.kind == kind && change.action.makes());
    u64::try_from(made.count()).unwrap_or(u64::MAX)
}

/// What AWS allows is enough for what is made, and for two fleets.
pub(super) fn quotas(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (quota, answer) in &subject.facts.answers.quotas {
        let made = match quota {
            Quota::LoadBalancers => creates(subject, Kind::LoadBalancer),
            Quota::TargetGroups => creates(subject, Kind::TargetGroup),
            Quota::Rules => creates(subject, Kind::ListenerRule),
            Quota::Services => creates(subject, Kind::Service),
            Quota::FargateCpus => {
                processors(subject, answer, found);
                continue;
            }
        };
        match answer {
            Ok(Limit { most, used }) if made > 0 && used.unwrap_or(0) + made > *most => found.push(
                subject
                    .error("aws", Problem::Quota { quota: *quota, most: *most, used: *used, needed: made }),
            ),
            Ok(_) => {}
            Err(error) => {
                found.push(subject.note("aws", Problem::Unanswered { error: Box::new(error.clone()) }));
            }
        }
    }
}

fn processors(subject: &Subject<'_>, answer: &Answer<Limit>, found: &mut Vec<Finding>) {
    let Limit { most, used } = match answer {
        Ok(limit) => *limit,
        Err(error) => {
            found.push(subject.note("aws", Problem::Unanswered { error: Box::new(error.clone()) }));
            return;
        }
    };
    let services = subject.environment.file.service.values();
    let (now, peak) = services.fold((0, 0), |(now, peak), service| {
        let (count, greatest) = fleet(service);
        let units = u64::from(service.cpu);
        (now + 2 * count * units, peak + 2 * greatest * units)
    });
    let problem =
        |units: u64| Problem::Quota { quota: Quota::FargateCpus, most, used, needed: units.div_ceil(1_024) };
    if now.div_ceil(1_024) > most {
        found.push(subject.error("aws", problem(now)));
    } else if peak.div_ceil(1_024) > most {
        found.push(subject.warning("aws", problem(peak)));
    }
}
