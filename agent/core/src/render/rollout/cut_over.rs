//! A cut-over as people read it: what is written of what is not ours, what a
//! person does in the portal, and how a migration ended.

use super::{
    super::{paint::plain, words},
    obstacle::obstacle,
};
use crate::rollout::{
    Begins, Exceptions, Led, Migrated, Old, Overlap, Phase, Rollout, Settings, Turned, Unsure, Way,
};

/// So many of a migration's last lines are quoted.
const LINES: usize = 5;

/// What a plan that begins a cut-over says.
pub(super) fn begins(begins: &Begins, old: &Old) -> String {
    let Begins { service, purpose: _, to, settings, snapshot: _ } = begins;
    let new = to.block_name(service);
    let Exceptions { count_of: (cluster, name), lets_in, switch: (way, host, from), internal_url_of } =
        old.exceptions();
    let moves = match way {
        Way::Manual => format!(
            "After a person agreed, a person leads `{host}` to the load balancer; once requests are counted there, {new} is watched"
        ),
        Way::Weights => format!(
            "After a person agreed, the load balancer leads to {name} first and a person leads `{host}` to it, which changes nothing for people; then traffic moves to {new}: {}",
            shares(settings)
        ),
        Way::Graph => format!(
            "After a person agreed, the agent leads `{host}` to the load balancer: through Microsoft Graph it sets Internal Url of the application `{}`, from `{}` and from nothing else; once requests are counted there, {new} is watched",
            internal_url_of.unwrap_or_default(),
            from.unwrap_or_default(),
        ),
    };
    let opening = lets_in.map(|(group, port)| {
        format!(" While it lasts, the security group `{group}` lets the load balancer in on port {port}.")
    });
    format!(
        "{service} takes over from {name} (external.{}), with {}. {moves}. {name} of {cluster} goes to zero tasks at the end and stays as the way back.{} Nothing else of what is external is written. Until the end it can be turned back.{}",
        old.external,
        words::count(usize::try_from(settings.least.max(old.count)).unwrap_or_default(), "task", "tasks"),
        opening.unwrap_or_default(),
        outage(settings, name),
    )
}

/// What a plan that goes back to the old service says.
pub(super) fn goes_to_old(begins: &Begins, old: &Old) -> String {
    let name = &old.service;
    let who = match old.way {
        Way::Manual | Way::Weights => "a person",
        Way::Graph => "the agent, through Microsoft Graph,",
    };
    format!(
        "{} goes back to {name} (external.{}): it gets {} again, then {who} leads `{}` to it, and once nobody comes by the load balancer the new side goes to zero.",
        begins.service,
        old.external,
        words::count(usize::try_from(old.count).unwrap_or_default(), "task", "tasks"),
        old.host,
    )
}

/// That nobody is served for a while, where that is so.
pub(super) fn outage(settings: &Settings, blue: &str) -> String {
    if settings.overlap == Overlap::Allowed {
        return String::new();
    }
    let longest = settings
        .patience_ms
        .saturating_mul(2)
        .saturating_add(settings.migration.as_ref().map_or(0, |task| task.within_ms));
    let migrates = match &settings.migration {
        Some(_) => "the migration task runs",
        None => "its first task migrates the database",
    };
    format!(
        " The schema change is breaking, so two versions never meet: nobody is served from when {blue} stops, while {migrates} and until the new side is tested. It turns back after {} at most.",
        words::took(longest)
    )
}

fn shares(settings: &Settings) -> String {
    settings.shift.iter().map(|share| format!("{share} %")).collect::<Vec<_>>().join(", ")
}

/// Where people are when no cut-over is under way.
pub(super) fn at_rest(service: &str, live: &str, old: &Old) -> String {
    let name = plain(&old.service);
    if old.serves {
        format!("people use the old service {name}; {service} waits for the cut-over")
    } else {
        format!("{service} serves from {live}; the old service {name} waits at zero tasks, as the way back")
    }
}

/// What a person is asked to do before the rollout goes on; nothing where it is
/// not about a cut-over that is about to switch.
pub fn steps(rollout: &Rollout) -> Option<String> {
    let old = rollout.snapshot.old.as_ref()?;
    let before = old.internal_url.as_deref().or(old.from.as_deref());
    let (from, to) = match rollout.phase {
        Phase::Gate | Phase::Switch => (before, old.to.as_deref()),
        Phase::SwitchBack => (old.to.as_deref(), before),
        _ => return None,
    };
    Some(match (old.way, &rollout.led) {
        (Way::Manual | Way::Weights, _) => portal(old, from, to),
        (Way::Graph, None | Some(Led::Ready)) => by_agent(old, from, to),
        (Way::Graph, Some(Led::There)) if rollout.phase == Phase::Gate => early(old),
        (Way::Graph, Some(Led::There)) => turned(rollout).unwrap_or_else(|| by_agent(old, from, to)),
        (Way::Graph, Some(Led::ByHand(why))) if rollout.phase == Phase::Gate => {
            format!("{} If that is still so then: {}", obstacle(why), portal(old, from, to))
        }
        (Way::Graph, Some(Led::ByHand(why))) => format!("{} {}", obstacle(why), portal(old, from, to)),
    })
}

/// Whether the agent does it, and not a person.
pub(super) fn is_by_agent(rollout: &Rollout) -> bool {
    let by_graph = rollout.snapshot.old.as_ref().is_some_and(|old| old.way == Way::Graph);
    by_graph && !matches!(rollout.led, Some(Led::ByHand(_)))
}

/// What the agent will do itself.
fn by_agent(old: &Old, from: Option<&str>, to: Option<&str>) -> String {
    format!(
        "FROM {} TO {}: the agent sets Internal Url of the application of `{}` through Microsoft Graph.",
        shown(from, "what it is now"),
        shown(to, "the load balancer"),
        plain(&old.host)
    )
}

/// That somebody switched it before anybody agreed.
fn early(old: &Old) -> String {
    format!(
        "Internal Url of the application of `{}` is TO {} already, as Microsoft Graph answers: people come by the load balancer before anybody agreed.",
        plain(&old.host),
        shown(old.to.as_deref(), "the load balancer")
    )
}

/// Where the application leads in the end, with a space before it; nothing where
/// the agent has nothing to do with it.
pub fn proxy(turned: Option<&Turned>, unknown: Option<&Unsure>) -> String {
    let said = turned.map(switched).or_else(|| unknown.map(unsure));
    said.map(|said| format!(" {said}")).unwrap_or_default()
}

/// That only silence says that people went back.
fn unsure(unsure: &Unsure) -> String {
    let Unsure { why, to } = unsure;
    format!(
        "{} Nobody came by the load balancer for two minutes, which is all that is known: look in the portal that Internal Url is {}.",
        obstacle(why),
        shown(to.as_deref(), "what it was before the cut-over")
    )
}

/// What was done of it, where Microsoft Graph answers so.
pub(super) fn turned(rollout: &Rollout) -> Option<String> {
    rollout.turned().map(|turned| switched(&turned))
}

/// From where to where people were led.
fn switched(turned: &Turned) -> String {
    let Turned { from, to } = turned;
    format!("Internal Url was set FROM `{}` TO `{}`, as Microsoft Graph answers.", plain(from), plain(to))
}

fn shown(url: Option<&str>, otherwise: &str) -> String {
    match url {
        Some(url) => format!("`{}`", plain(url)),
        None => otherwise.to_owned(),
    }
}

/// The steps in Microsoft Entra's portal that lead people elsewhere.
fn portal(old: &Old, from: Option<&str>, to: Option<&str>) -> String {
    let from = shown(from, "what it is now");
    let to = shown(to, "what it was before the cut-over");
    format!(
        "FROM {from} TO {to}: in the Microsoft Entra admin center, Enterprise applications, the application of `{}`, Application proxy: set Internal Url to {to}, leave the Host header as it is, and save.",
        plain(&old.host)
    )
}

/// How a migration task failed.
pub(super) fn migration(how: &Migrated) -> String {
    let Migrated { exit_code, reason, lines } = how;
    let code = match exit_code {
        Some(code) => format!("ended with {code}"),
        None => "never ran".to_owned(),
    };
    let why = reason.as_ref().map(|why| format!(", {}", plain(why))).unwrap_or_default();
    let from = lines.len().saturating_sub(LINES);
    let said: Vec<String> = lines.iter().skip(from).map(|line| format!("`{}`", plain(line))).collect();
    let said = if said.is_empty() { String::new() } else { format!(" It wrote: {}.", said.join(", ")) };
    format!("The migration task {code}{why}, before any traffic moved.{said}")
}
