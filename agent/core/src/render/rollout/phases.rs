use crate::rollout::{Phase, Settings};

/// A phase in a word or two: `scale up`, `shift to 25 %`.
pub fn phase_name(phase: Phase, settings: &Settings) -> String {
    let name = match phase {
        Phase::Prepare => "prepare",
        Phase::Stop => "stop blue",
        Phase::Migrate => "migrate",
        Phase::First => "first task",
        Phase::Switch => "switch",
        Phase::StopGreen => "stop green",
        Phase::SwitchBack => "switch back",
        Phase::ScaleUp => "scale up",
        Phase::Test => "test",
        Phase::Gate => "approval",
        Phase::Shift(step) => return format!("shift to {} %", settings.share(step)),
        Phase::Bake => "bake",
        Phase::Commit => "commit",
        Phase::Drain => "drain",
        Phase::Cleanup => "clean up",
        Phase::BlueFirst => "blue's tasks first",
        Phase::Return => "traffic to blue",
        Phase::DrainGreen => "drain green",
        Phase::Discard => "discard green",
    };
    name.to_owned()
}

/// What happens in a phase, in one sentence.
pub fn phase(phase: Phase, settings: &Settings) -> String {
    let sentence = match phase {
        Phase::Prepare => "Green is made, without tasks.",
        Phase::Stop => "Blue goes to zero tasks: two versions never meet on one database. Nobody is served.",
        Phase::Migrate => "The migration task runs, before any traffic moves.",
        Phase::First => "Green gets one task, which migrates the database as it starts.",
        Phase::Switch => "People's way is switched to the load balancer.",
        Phase::StopGreen => "It goes back: green stops before blue comes, so that two versions never meet.",
        Phase::SwitchBack => "It goes back: people's way is switched to the old service.",
        Phase::ScaleUp => {
            "Green gets as many tasks as blue has; no traffic reaches it but through the test rule."
        }
        Phase::Test => "Green is checked through the test rule.",
        Phase::Gate => "Before traffic moves, a person approves the plan.",
        Phase::Shift(step) => {
            return format!(
                "Green gets {} % of the traffic, and is compared with blue.",
                settings.share(step)
            );
        }
        Phase::Bake => "Green has the traffic; both sides keep their tasks while it is watched.",
        Phase::Commit => "The rule names green alone; requests to blue run out.",
        Phase::Drain => "What is still open on blue gets its drain time.",
        Phase::Cleanup => "Blue goes to zero tasks and stays, as the fast way back.",
        Phase::BlueFirst => "It goes back: blue has its tasks, healthy, before any traffic returns.",
        Phase::Return => "It goes back: the rule names blue alone.",
        Phase::DrainGreen => "It goes back: what is still open on green gets its drain time.",
        Phase::Discard => "It goes back: green goes, and blue scales as before.",
    };
    sentence.to_owned()
}
