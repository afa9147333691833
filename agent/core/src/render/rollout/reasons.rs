use super::{
    super::{paint::plain, words},
    cut_over,
};
use crate::{
    render::rollout::phase_name,
    rollout::{Patience, Reason, Sample, Settings, Slot, Why},
};

/// What is waited for, in one sentence.
pub fn why(why: &Why) -> String {
    match why {
        Why::Starting { healthy, needed } => {
            format!("Waits for green's tasks: {healthy} of {needed} healthy.")
        }
        Why::Checking => "Waits for the checks of green.".to_owned(),
        Why::Ringing(alarms) => format!(
            "Waits for the {} to end; green, which has no traffic yet, is not the cause.",
            named(alarms)
        ),
        Why::Unmetered(words) => format!(
            "Gives green no more traffic while nothing is heard of alarms and counts: `{}`.",
            plain(words)
        ),
        Why::Weights { wanted, found } => format!(
            "The production rule should forward to {}, and forwards to {}: looks once more before that is taken for somebody's.",
            weights(wanted),
            weights(found)
        ),
        Why::Proving { polls, of } => {
            format!("Waits until {of} looks in a row show green to be whole; {polls} did so far.")
        }
        Why::Shaken { healthy, needed } => format!(
            "Waits for green to get back what it lost: {healthy} of {needed} healthy; it goes back if they stay away."
        ),
        Why::Migrating => "Waits for the migration task to end.".to_owned(),
        Why::Arriving(Patience::Left) => {
            "Waits until people come by the load balancer; the old service keeps its tasks.".to_owned()
        }
        Why::Arriving(Patience::Spent) => {
            "Nobody came by the load balancer yet, later than was thought: has their way been switched? The old service keeps its tasks."
                .to_owned()
        }
        Why::Leaving(Patience::Left) => {
            "Waits until nobody comes by the load balancer any more; green keeps its tasks.".to_owned()
        }
        Why::Leaving(Patience::Spent) => {
            "People still come by the load balancer, later than was thought: has their way been switched back? Green keeps its tasks."
                .to_owned()
        }
        Why::StillLed(Patience::Left) => {
            "Waits until the application leads to the old service again, as Microsoft Graph answers; green keeps its tasks."
                .to_owned()
        }
        Why::StillLed(Patience::Spent) => {
            "Nobody comes by the load balancer, but the application still does not lead to the old service, as Microsoft Graph answers: has it been switched back? Green keeps its tasks."
                .to_owned()
        }
        Why::Holding => "Watches this step.".to_owned(),
        Why::Baking => "Watches green with all of the traffic.".to_owned(),
        Why::Requests => "Waits until nobody asks the side that goes any more.".to_owned(),
        Why::Draining { connections: Some(open) } => format!(
            "Waits for {} to the side that goes.",
            words::count(usize::try_from(*open).unwrap_or(usize::MAX), "open connection", "open connections")
        ),
        Why::Draining { connections: None } => {
            "Leaves the side that goes its drain time: how many connections are open cannot be told."
                .to_owned()
        }
        Why::Stopping { running } => {
            format!("Waits for {} to stop.", words::count(*running as usize, "task", "tasks"))
        }
        Why::BlueTasks { healthy, needed } => {
            format!("Waits for blue before green is let go: {healthy} of {needed} healthy.")
        }
    }
}

/// Why a rollout goes back, in a sentence or two.
pub fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Asked(said) => {
            let because = said.why.as_ref().map(|why| format!(": {}", plain(why))).unwrap_or_default();
            format!("{} wanted it back{because}.", plain(&said.who))
        }
        Reason::GaveUp(words) => format!("ECS gave the deployment up: `{}`.", plain(words)),
        Reason::Stopping(words) => {
            format!("Three tasks stopped for the same reason: `{}`.", plain(words))
        }
        Reason::TestFailed(words) => format!("A check of green failed: `{}`.", plain(words)),
        Reason::MigrationFailed(how) => cut_over::migration(how),
        Reason::TooSlow { phase, patience_ms } => format!(
            "Green did not prove itself within {} ({}).",
            words::took(*patience_ms),
            phase_name(*phase, &Settings::default())
        ),
        Reason::Refused { phase, patience_ms } => format!(
            "What it wanted was refused for {} ({}); what AWS said stands with the changes.",
            words::took(*patience_ms),
            phase_name(*phase, &Settings::default())
        ),
        Reason::Weights { wanted, found } => format!(
            "Somebody else changed the production rule: it should forward to {}, and forwards to {}. Two who correct each \
             other would move everybody's sessions at every turn.",
            weights(wanted),
            weights(found)
        ),
        Reason::Alarms(alarms) => format!("The {} rang while green had traffic.", named(alarms)),
        Reason::Unhealthy { healthy, needed } => {
            format!("Green lost healthy tasks under traffic: {healthy} of {needed} were left.")
        }
        Reason::Errors { green, blue: Some(blue) } => {
            format!("Green surely fails more often than blue: {} against {}.", errors(*green), errors(*blue))
        }
        Reason::Errors { green, blue: None } => {
            format!("Green surely fails more than one time in ten: {}.", errors(*green))
        }
    }
}

/// `the alarm X`, `the alarms X, Y`.
fn named(alarms: &[String]) -> String {
    let names: Vec<String> = alarms.iter().map(|alarm| format!("`{}`", plain(alarm))).collect();
    let noun = if names.len() == 1 { "alarm" } else { "alarms" };
    format!("{noun} {}", names.join(", "))
}

fn errors(Sample { requests, errors }: Sample) -> String {
    format!("{errors} of {requests} requests")
}

fn weights(weights: &[(Slot, u32)]) -> String {
    if weights.is_empty() {
        return "something else".to_owned();
    }
    let named = weights.iter().map(|(slot, weight)| {
        let slot = match slot {
            Slot::A => 'a',
            Slot::B => 'b',
        };
        format!("slot {slot} at {weight}")
    });
    named.collect::<Vec<_>>().join(" and ")
}
