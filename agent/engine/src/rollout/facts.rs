use pointsman_core::{
    Address,
    desired::{TEST_HEADER, test_mark},
    environment::block::{Certificate, TestRequest},
    render::rollout::unproven,
    resource::{Forward, Link, Resource},
    rollout::{Facts, Pair, Phase, Rollout, Slot, Unproven},
    state::{Recorded, State},
};

use super::beside::{migration, standing_old};
use crate::{
    Failure, Run,
    ports::{Expects, Probe, Sought, Speaks, Standing, Underway},
};

/// CloudWatch counts by the minute.
const MINUTE_MS: u64 = 60_000;

/// What is known of green's checks before a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checks {
    /// They are to be asked for, where the phase is theirs.
    Due,
    /// Green passed them in this phase.
    Passed,
}

/// Everything that a rollout's next step follows from.
pub(super) async fn look_at(
    run: &Run,
    state: &State,
    service: &str,
    rollout: &Rollout,
    checks: Checks,
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
        let checked = match checks {
            Checks::Passed => Ok(()),
            Checks::Due => checked(run, state, service, rollout).await,
        };
        facts.checked = Some(checked.map_err(|why| unproven(&why)));
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
    // Until traffic is back nothing that is measured changes anything, and the meter may be what is down.
    let goes_back = rollout.phase.is_way_back() && rollout.phase != Phase::DrainGreen;
    let is_metered = rollout.cuts_over() || !goes_back;
    Underway {
        sides: Pair { a: side(state, service, rollout, Slot::A), b: side(state, service, rollout, Slot::B) },
        rule: state.objects.get(&rule).map(|recorded| recorded.id.clone()),
        balancer: balancer_name(run, state, service).filter(|_| is_metered),
        alarms: if is_metered { alarms.collect() } else { Vec::new() },
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

/// Checks green, the way that people come: its health, and what the file says
/// of tests.
async fn checked(run: &Run, state: &State, service: &str, rollout: &Rollout) -> Result<(), Unproven> {
    leads_to_green(run, state, service, rollout).await?;
    for probe in probes(run, state, service).ok_or(Unproven::NoRule)? {
        run.prober.ask(&probe).await?;
    }
    leads_to_green(run, state, service, rollout).await
}

/// The test rule, as AWS answers, leads to green alone: whoever answered was green.
async fn leads_to_green(run: &Run, state: &State, service: &str, rollout: &Rollout) -> Result<(), Unproven> {
    let address = test_rule(service);
    let recorded = state.objects.get(&address).ok_or(Unproven::NoRule)?;
    let sought = Sought {
        address: address.clone(),
        id: Some(recorded.id.clone()),
        resource: recorded.resource.clone(),
        recorded: Some(recorded.resource.clone()),
    };
    // What cannot be asked now is asked at the next look; the probes say enough until then.
    let Ok(found) = run.ports.cloud.observe(&[sought]).await else { return Ok(()) };
    let Some(Resource::ListenerRule(rule)) = found.get(&address).map(|it| &it.resource) else {
        return Err(Unproven::NoRule);
    };
    let green = standing(state, service, rollout.to).and_then(|it| it.service.target_group);
    let green = green.as_ref().and_then(Link::known);
    let is_green = |forward: &Forward| green.is_some() && forward.target_group.known() == green;
    if rule.forward.len() == 1 && rule.forward.iter().all(is_green) {
        Ok(())
    } else {
        Err(Unproven::Elsewhere { to: rollout.to })
    }
}

fn test_rule(service: &str) -> Address {
    Address::block("service", service).part("test_rule")
}

/// What green is asked; none where there is no test rule.
fn probes(run: &Run, state: &State, service: &str) -> Option<Vec<Probe>> {
    let balancer = balancer(run, state, service)?;
    let Resource::ListenerRule(rule) = &state.objects.get(&test_rule(service))?.resource else {
        return None;
    };
    let health =
        run.environment.file.service.get(service).map(|block| block.health.clone()).unwrap_or_default();
    let test =
        run.environment.file.rollout.as_ref().and_then(|rollout| rollout.test.clone()).unwrap_or_default();
    let listener = state.objects.values().find_map(|recorded| match &recorded.resource {
        Resource::Listener(listener) if rule.listener.known() == Some(&recorded.id) => Some(listener),
        _ => None,
    });
    let is_tls = listener.is_some_and(|listener| listener.protocol == "HTTPS");
    let name = balancer.attributes.get("dns_name").cloned().unwrap_or_default();
    let probe = |path: String, expects: Expects| Probe {
        host: rule.hosts.first().filter(|host| !host.contains(['*', '?'])).unwrap_or(&name).clone(),
        name: name.clone(),
        port: listener.map_or(80, |listener| listener.port),
        speaks: match (is_tls, test.certificate) {
            (false, _) => Speaks::Plain,
            (true, Certificate::Trusted) => Speaks::Tls,
            (true, Certificate::Any) => Speaks::AnyTls,
        },
        path,
        header: (TEST_HEADER.to_owned(), test_mark(run.environment.name.as_str(), service)),
        expects,
    };
    let mut probes = vec![probe(health.path, Expects::Answer { codes: health.codes, contains: None })];
    probes.extend(
        test.request
            .into_iter()
            .map(|TestRequest { path, codes, contains }| probe(path, Expects::Answer { codes, contains })),
    );
    probes.extend(test.websocket.into_iter().map(|path| probe(path, Expects::WebSocket)));
    Some(probes)
}
