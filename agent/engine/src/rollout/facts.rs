use pointsman_core::{
    Address,
    desired::{TEST_HEADER, test_mark},
    resource::Resource,
    rollout::{Facts, Pair, Phase, Rollout, Slot},
    state::{Recorded, State},
};

use super::beside::{migration, standing_old};
use crate::{
    Failure, Run,
    ports::{Probe, Standing, Underway},
};

/// CloudWatch counts by the minute.
const MINUTE_MS: u64 = 60_000;

/// Everything that a rollout's next step follows from.
pub(super) async fn look_at(
    run: &Run,
    state: &State,
    service: &str,
    rollout: &Rollout,
) -> Result<Facts, Failure> {
    let asked = underway(run, state, service, rollout);
    let mut facts = run.ports.cloud.underway(&asked).await?;
    if rollout.cuts_over() && !rollout.is_joined() {
        // Nothing but ECS says how it is: no load balancer leads to it.
        let blue = facts.sides.get_mut(rollout.blue());
        blue.healthy = blue.running;
    }
    facts.migration = migration(run, state, service, rollout).await?;
    if rollout.phase == Phase::Test && rollout.stood_ms.is_some() {
        facts.checked = Some(checked(run, state, service).await);
    }
    Ok(facts)
}

/// The sides of a service while no rollout is under way.
pub(crate) async fn look_at_rest(run: &Run, state: &State, service: &str) -> Result<Facts, Failure> {
    let asked = Underway {
        sides: Pair { a: standing(state, service, Slot::A), b: standing(state, service, Slot::B) },
        rule: None,
        balancer: balancer_name(run, state, service),
        alarms: Vec::new(),
        opened_at_ms: 0,
        counted_since_ms: None,
    };
    Ok(run.ports.cloud.underway(&asked).await?)
}

/// The load balancer that leads to a service, as CloudWatch calls it.
fn balancer_name(run: &Run, state: &State, service: &str) -> Option<String> {
    let recorded = balancer(run, state, service)?;
    recorded.id.split_once(":loadbalancer/").map(|(_, name)| name.to_owned())
}

fn underway(run: &Run, state: &State, service: &str, rollout: &Rollout) -> Underway {
    let alarms = rollout.settings.abort_on.iter().flat_map(|name| {
        let address = Address::block("alarms", name);
        let of_it = state.objects.iter().filter(move |(at, _)| at.is_within(&address));
        of_it.filter_map(|(_, recorded)| match &recorded.resource {
            Resource::Alarm(alarm) => Some(alarm.name.clone()),
            _ => None,
        })
    });
    let rule = Address::block("service", service).part("listener_rule");
    Underway {
        sides: Pair { a: side(state, service, rollout, Slot::A), b: side(state, service, rollout, Slot::B) },
        rule: state.objects.get(&rule).map(|recorded| recorded.id.clone()),
        balancer: balancer_name(run, state, service),
        alarms: alarms.collect(),
        opened_at_ms: rollout.opened_at_ms,
        counted_since_ms: match rollout.phase {
            // What was asked before, as a test, is nobody who came.
            Phase::Switch => rollout.stood_ms.map(|stood| stood.saturating_add(MINUTE_MS - 1)),
            _ => rollout.stood_ms,
        },
    }
}

/// What stands for a slot: in a cut-over the old service for blue.
fn side(state: &State, service: &str, rollout: &Rollout, slot: Slot) -> Option<Standing> {
    match rollout.snapshot.old.as_ref().filter(|_| rollout.cuts_over() && slot == rollout.blue()) {
        Some(old) => {
            Some(Standing { service: standing_old(state, service, rollout, old), id: old.id.clone() })
        }
        None => standing(state, service, slot),
    }
}

fn standing(state: &State, service: &str, slot: Slot) -> Option<Standing> {
    let recorded = state.objects.get(&Address::block("service", &slot.block_name(service)))?;
    match &recorded.resource {
        Resource::Service(service) => Some(Standing { service: service.clone(), id: recorded.id.clone() }),
        _ => None,
    }
}

/// The load balancer that leads people to a service.
pub(super) fn balancer<'a>(run: &Run, state: &'a State, service: &str) -> Option<&'a Recorded> {
    let expose = run.environment.file.service.get(service)?.expose.as_ref()?;
    match expose.listener.segments().as_slice() {
        ["load_balancer", name, ..] => state.objects.get(&Address::block("load_balancer", name)),
        _ => None,
    }
}

/// Asks green for its health, the way that people come.
async fn checked(run: &Run, state: &State, service: &str) -> Result<(), String> {
    let test_rule = state.objects.get(&Address::block("service", service).part("test_rule"));
    let (Some(balancer), Some(Resource::ListenerRule(rule))) =
        (balancer(run, state, service), test_rule.map(|recorded| &recorded.resource))
    else {
        return Err("the test rule does not stand".to_owned());
    };
    let block = run.environment.file.service.get(service);
    let listener = state.objects.values().find_map(|recorded| match &recorded.resource {
        Resource::Listener(listener) if rule.listener.known() == Some(&recorded.id) => Some(listener),
        _ => None,
    });
    let name = balancer.attributes.get("dns_name").cloned().unwrap_or_default();
    let probe = Probe {
        host: rule.hosts.first().filter(|host| !host.contains(['*', '?'])).unwrap_or(&name).clone(),
        name,
        port: listener.map_or(80, |listener| listener.port),
        tls: listener.is_some_and(|listener| listener.protocol == "HTTPS"),
        path: block.map_or_else(|| "/".to_owned(), |block| block.health.path.clone()),
        codes: block.map_or_else(|| "200".to_owned(), |block| block.health.codes.clone()),
        header: (TEST_HEADER.to_owned(), test_mark(run.environment.name.as_str(), service)),
    };
    if probe.tls {
        // Its certificate is the application's and not the load balancer's: its health checks have to do.
        return Ok(());
    }
    run.prober.ask(&probe).await
}
