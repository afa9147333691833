//! What is deployed, by which commit, what the last run came to, who holds the
//! lock, and what to do next.

use std::fmt::Write;

use super::{
    event::holder_words,
    failure::regression_words,
    layout::{COLUMNS, cut, length, padded},
    paint::{bold, dim, green, plain, red, yellow},
    words,
};
use crate::{
    environment::EnvironmentName,
    journal::Run,
    lease::{LockItem, Regression},
    state::{LastRun, State},
};

/// What the last run came to, until it has ended.
pub const NOT_ENDED: &str = "begun, and not ended";

/// How many milliseconds ago a time (RFC 3339) was; none where it cannot be told.
pub type Age<'a> = &'a dyn Fn(&str) -> Option<u64>;

/// What is known of an environment without looking at its objects.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The state; none before the first deploy.
    pub state: Option<&'a State>,
    /// The lock; none when it is free.
    pub lock: Option<&'a LockItem>,
    /// The run that began and did not end; none when all did.
    pub open_run: Option<&'a Run>,
    /// Whether the table of runs stands.
    pub has_run_table: bool,
    /// How the state fell behind what the journal knows, and the serial that it knows.
    pub regressed: Option<(u64, Regression)>,
}

/// The status of one environment for terminals.
pub fn terminal(environment: &EnvironmentName, known: &Known<'_>, age: Age<'_>) -> String {
    let Known { state, lock, open_run, has_run_table, regressed } = *known;
    let mut text = format!("{}\n", bold(environment.as_str()));
    match state {
        None => text.push_str("  never deployed\n"),
        Some(state) => write_state(&mut text, state, lock, age),
    }
    if let Some((known, regression)) = regressed {
        let what = regression_words(regression);
        let _ = writeln!(
            text,
            "  state     {}",
            red(&format!("the journal knows it with serial {known}, and {what}: it is not used"))
        );
    }
    match lock {
        None => text.push_str("  lock      free\n"),
        Some(item) => {
            let info = item.terraform_info();
            let _ =
                writeln!(text, "  lock      held by {}{}", holder_words(&info), since(&info.created, age));
        }
    }
    if let Some(run) = open_run {
        write_open(&mut text, run, lock, age);
    }
    if !has_run_table {
        let _ = writeln!(text, "  runs      no run table; `pointsman init {environment} --create` makes it");
    }
    if let Some(next) = next(environment, state, lock) {
        let _ = writeln!(text, "  next      {next}");
    }
    text
}

fn write_open(text: &mut String, run: &Run, lock: Option<&LockItem>, age: Age<'_>) {
    let began = run.began_at.as_deref();
    let began =
        began.map(|at| format!(", begun at {}{}", words::moment(at), since(at, age))).unwrap_or_default();
    let by = run.started.as_ref().map(|started| format!("by {}; ", plain(&started.who))).unwrap_or_default();
    let what = if run.holds(lock) { "it has its lock still" } else { "the next run looks after it" };
    let _ = writeln!(text, "  open run  {}{began}, not ended", run.fence);
    let _ = writeln!(text, "            {by}{}", yellow(what));
}

fn write_state(text: &mut String, state: &State, lock: Option<&LockItem>, age: Age<'_>) {
    match (&state.deployed_commit, &state.deployed_at) {
        (Some(commit), Some(at)) => {
            let _ = writeln!(text, "  deployed  {} at {at}{}", words::short(commit), since(at, age));
        }
        (None, Some(at)) if !state.objects.is_empty() => {
            let _ = writeln!(text, "  deployed  from a folder, at {at}{}", since(at, age));
        }
        _ => text.push_str("  deployed  nothing to the end\n"),
    }
    if let Some(pull) = state.proposed {
        let _ = writeln!(
            text,
            "  proposed  from pull request {pull}, before its merge; the branch waits for its end"
        );
    }
    if let Some(last) = &state.last_run {
        let rolls_out =
            state.tracks.values().any(|track| track.open.is_some()) || !state.ecs_releases.is_empty();
        let verdict = match (last.succeeded, has_ended(last), lock) {
            (true, ..) => green("succeeded"),
            (false, true, _) if rolls_out => yellow("left a rollout open"),
            (false, true, _) => red("failed"),
            (false, false, Some(_)) => yellow("at work"),
            (false, false, None) => red("cut off"),
        };
        let commit = last.commit.as_deref();
        let commit = commit.map(|commit| format!("of {} ", words::short(commit))).unwrap_or_default();
        let _ = writeln!(
            text,
            "  last run  {commit}{verdict} at {}{}: {}",
            last.ended_at,
            since(&last.ended_at, age),
            plain(&last.summary)
        );
        for failure in &last.failures {
            let _ = writeln!(
                text,
                "            {} {}: {}",
                words::doing(failure.action),
                bold(failure.address.as_str()),
                plain(&failure.why).replace('\n', " ")
            );
        }
    }
    for (service, track) in &state.tracks {
        let _ = writeln!(text, "  rollout   {}", super::rollout::in_a_line(service, track));
    }
    for (service, release) in &state.ecs_releases {
        let _ = writeln!(text, "  rollout   {}", super::rollout::ecs_release_in_a_line(service, release));
    }
    let _ = writeln!(
        text,
        "  state     serial {}, {}",
        state.serial,
        words::count(state.objects.len(), "object", "objects")
    );
    let addresses: Vec<String> =
        state.objects.keys().map(|address| cut(address.as_str(), LONGEST_ADDRESS)).collect();
    let width = addresses.iter().map(|address| length(address)).max().unwrap_or_default();
    for (address, recorded) in addresses.iter().zip(state.objects.values()) {
        let id = cut(&own_part(&plain(&recorded.id)), COLUMNS - width - 6);
        let _ = writeln!(text, "    {}  {}", padded(address, width), dim(&id));
    }
}

/// So much of an address is shown where an identity stands beside it.
const LONGEST_ADDRESS: usize = 50;

/// What tells an identity from others: without what every ARN of the account
/// begins with, and without parts that AWS drew by lot. `--json` has it whole.
fn own_part(id: &str) -> String {
    let own = match id.strip_prefix("arn:") {
        Some(rest) => rest.splitn(5, ':').nth(4).unwrap_or(id),
        None => id,
    };
    let own = match own.strip_prefix("secret:").and_then(|secret| secret.rsplit_once('-')) {
        Some((secret, lot)) if lot.len() == 6 => format!("secret:{secret}"),
        _ => own.to_owned(),
    };
    let of_a_balancer = BALANCERS.iter().any(|kind| own.starts_with(kind));
    let mut shown = String::new();
    for part in own.split_inclusive(['/', ':']) {
        let word = part.trim_end_matches(['/', ':']);
        if is_uuid(word) || of_a_balancer && is_lot_of_a_balancer(word) {
            shown.push('…');
            shown.push_str(&part[word.len()..]);
        } else {
            shown.push_str(part);
        }
    }
    while let Some(length) = shown.strip_suffix("/…").map(str::len) {
        shown.truncate(length);
    }
    shown
}

/// How the own parts of load balancers' ARNs begin.
const BALANCERS: [&str; 4] = ["loadbalancer/", "listener/", "listener-rule/", "targetgroup/"];

fn is_lot_of_a_balancer(word: &str) -> bool {
    word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn is_uuid(word: &str) -> bool {
    word.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn has_ended(last: &LastRun) -> bool {
    last.succeeded || last.summary != NOT_ENDED
}

/// ` (5 min ago)`; nothing where it cannot be told.
pub(super) fn since(time: &str, age: Age<'_>) -> String {
    age(time).map(|milliseconds| dim(&format!(" ({})", words::ago(milliseconds)))).unwrap_or_default()
}

/// What whoever looks would do; none when all is well.
fn next(environment: &EnvironmentName, state: Option<&State>, lock: Option<&LockItem>) -> Option<String> {
    let last = state.and_then(|state| state.last_run.as_ref());
    match (lock, last) {
        (Some(item), _) if item.mark.is_none() => Some(
            "the lock is Terraform's or a person's: ask its holder. If they are gone, `terraform force-unlock` with its ID"
                .to_owned(),
        ),
        (Some(_), _) => Some("a run is at work; if it died, the next run takes its lock over".to_owned()),
        (None, None) => Some(format!("`pointsman plan {environment}` shows what would be made")),
        (None, Some(last)) if !has_ended(last) => {
            Some(format!("`pointsman apply {environment}` goes on from what stands"))
        }
        (None, Some(last)) if !last.succeeded => Some(format!(
            "mend the cause; `pointsman plan {environment}` shows what is left, and apply goes on from there"
        )),
        (None, Some(_)) => None,
    }
}

/// The outputs, a line each: `name = value`.
pub fn outputs(state: &State) -> String {
    state.outputs.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "{name} = {}", plain(value));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::own_part;

    #[test]
    fn an_identity_is_shown_without_what_tells_nothing() {
        for (id, shown) in [
            (
                "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/web/50dc6c495c0c9188",
                "loadbalancer/app/web",
            ),
            ("arn:aws:secretsmanager:us-east-1:111122223333:secret:web/token-AbCd12", "secret:web/token"),
            (
                "arn:aws:autoscaling:us-east-1:111122223333:scalingPolicy:6d8972f3-efc8-437c-92d1-6270f29a66e7:resource/ecs/service/a/b:policyName/cpu",
                "scalingPolicy:…:resource/ecs/service/a/b:policyName/cpu",
            ),
            ("arn:aws:ecs:us-east-1:111122223333:service/main/web", "service/main/web"),
            (
                "arn:aws:ecs:us-east-1:111122223333:task-definition/web-production:12",
                "task-definition/web-production:12",
            ),
            ("sg-0123456789abcdef0", "sg-0123456789abcdef0"),
            ("/pointsman/production/web", "/pointsman/production/web"),
        ] {
            assert_eq!(own_part(id), shown);
        }
    }
}
