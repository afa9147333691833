use pointsman_core::{
    Address,
    desired::{TEST_HEADER, old_target_group, test_mark},
    environment::block::{Certificate, TestRequest},
    render::rollout::{measured_of, unproven},
    resource::{Alarm, Forward, Link, Resource},
    rollout::{Facts, Pair, Phase, Rollout, Slot, Unproven, on_green},
    state::{Recorded, State},
};

use super::beside::{migration, standing_old};
use crate::{
    Failure, Run,
    ports::{Expects, OnGreen, Probe, Sought, Speaks, Standing, Underway},
};

/// CloudWatch counts by the minute.
const MINUTE_MS: u64 = 60_000;
/// Of so long before a rollout blue's errors are what green's are compared with.
const BEFORE_MS: u64 = 60 * MINUTE_MS;

/// What whoever looks knows already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Already {
    /// Green passed its checks in this phase: they are not asked for again.
    pub(super) passed: bool,
    /// Since when green was seen to have traffic, Unix milliseconds.
    pub(super) led_since_ms: Option<u64>,
}

/// Everything that a rollout's next step follows from.
pub(super) async fn look_at(
    run: &Run,
    state: &State,
    service: &str,
    rollout: &Rollout,
    already: Already,
) -> Result<Facts, Failure> {
    let asked = underway(run, state, service, rollout, already.led_since_ms);
    let mut facts = run.ports.cloud.underway(&asked).await?;
    if rollout.cuts_over() && !rollout.is_joined() {
        // Nothing but ECS says how it is: no load balancer leads to it.
        let blue = facts.sides.get_mut(rollout.blue());
        blue.healthy = blue.running;
    }
    facts.migration = migration(run, state, service, rollout).await?;
    if rollout.phase == Phase::Test && rollout.stood_ms.is_some() {
        let checked = if already.passed { Ok(()) } else { checked(run, state, service, rollout).await };
        facts.checked = Some(checked.map_err(|why| unproven(&why)));
    }
    Ok(facts)
}

/// The sides of a service while no rollout is under way.
pub(crate) async fn look_at_rest(run: &Run, state: &State, service: &str) -> Result<Facts, Failure> {
    let asked = Underway {
        sides: Pair { a: standing(state, service, Slot::A), b: standing(state, service, Slot::B) },
        watched: None,
        until_gone: false,
        groups: Pair::default(),
        rule: None,
        balancer: balancer_name(run, state, service),
        alarms: Vec::new(),
        on_green: Vec::new(),
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

fn underway(
    run: &Run,
    state: &State,
    service: &str,
    rollout: &Rollout,
    led_since_ms: Option<u64>,
) -> Underway {
    let alarms: Vec<&Alarm> = rollout.settings.abort_on.iter().flat_map(|name| alarms(state, name)).collect();
    let rule = Address::block("service", service).part("listener_rule");
    // Until traffic is back nothing that is measured changes anything, and the meter may be what is down.
    let goes_back = rollout.phase.is_way_back() && rollout.phase != Phase::DrainGreen;
    // A cut-over's way back counts who still comes, once that is what it waits for.
    let counts = matches!(rollout.phase, Phase::SwitchBack | Phase::DrainGreen);
    let is_metered = counts || !goes_back && rollout.abort.is_none();
    let sides = Pair { a: side(state, service, rollout, Slot::A), b: side(state, service, rollout, Slot::B) };
    let of_green = sides.get(rollout.blue()).as_ref().zip(sides.get(rollout.to).as_ref());
    let on_green = of_green.zip(led_since_ms).map(|((blue, green), since_ms)| {
        let measured = alarms.iter().filter_map(|alarm| on_green(alarm, &blue.service, &green.service));
        let name = |alarm: &Alarm| measured_of(&alarm.name, &green.service.name);
        measured.map(|alarm| OnGreen { name: name(&alarm), alarm, since_ms }).collect()
    });
    let moves = rollout.phase.has_traffic() || goes_back;
    Underway {
        rule: state.objects.get(&rule).map(|recorded| recorded.id.clone()),
        balancer: balancer_name(run, state, service).filter(|_| is_metered),
        alarms: alarms.iter().filter(|_| is_metered).map(|alarm| alarm.name.clone()).collect(),
        on_green: on_green.unwrap_or_default(),
        watched: (rollout.phase.has_traffic() && !goes_back).then_some(rollout.to),
        until_gone: matches!(rollout.phase, Phase::Stop | Phase::StopGreen),
        groups: Pair {
            a: group(state, service, rollout, Slot::A),
            b: group(state, service, rollout, Slot::B),
        },
        sides,
        opened_at_ms: rollout.opened_at_ms,
        counted_since_ms: match rollout.phase {
            // What was asked before, as a test, is nobody who came.
            Phase::Switch => rollout.stood_ms.map(|stood| stood.saturating_add(MINUTE_MS - 1)),
            _ if !moves => Some(rollout.opened_at_ms.saturating_sub(BEFORE_MS)),
            _ => led_since_ms.or(rollout.stood_ms),
        },
    }
}

/// The target group of a slot; in a cut-over the one that stands for the old service for blue.
fn group(state: &State, service: &str, rollout: &Rollout, slot: Slot) -> Option<String> {
    let address = if rollout.cuts_over() && slot == rollout.blue() {
        old_target_group(service)
    } else {
        Address::block("service", &slot.block_name(service)).part("target_group")
    };
    state.objects.get(&address).map(|recorded| recorded.id.clone())
}

/// What was recorded of an alarm, which may be several of CloudWatch's.
fn alarms<'a>(state: &'a State, name: &str) -> impl Iterator<Item = &'a Alarm> + use<'a> {
    let address = Address::block("alarms", name);
    let of_it = state.objects.iter().filter(move |(at, _)| at.is_within(&address));
    of_it.filter_map(|(_, recorded)| match &recorded.resource {
        Resource::Alarm(alarm) => Some(alarm),
        _ => None,
    })
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
