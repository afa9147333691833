//! A rollout can be carried out as it is described.

use super::{Diagnostic, Subject};
use crate::environment::{
    block::{Rollout, SchemaChange, Strategy, Switch, SwitchMode},
    diagnostic::nearest,
};

/// A day, in seconds.
const LONGEST_DEADLINE: u64 = 86_400;

fn rollout<'a>(subject: &Subject<'a>) -> Option<&'a Rollout> {
    subject.file.rollout.as_ref()
}

/// Steps rise, and end with everything.
pub(super) fn shifts(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(rollout) = rollout(subject) else {
        return;
    };
    let at = |index: usize| subject.place(&["rollout", "shift", &index.to_string()]);
    for (index, step) in rollout.shift.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| rollout.shift.get(before));
        if before.map_or(step.value() == 0, |before| before >= step) {
            found.push(
                Diagnostic::error("shift", format!("the step to {step} moves no traffic"))
                    .at(at(index))
                    .label("not more than before")
                    .help("let the steps rise: `shift = [\"5%\", \"25%\", \"50%\", \"100%\"]`"),
            );
        }
    }
    if let Some(last) = rollout.shift.last().filter(|last| last.value() != 100) {
        found.push(
            Diagnostic::error(
                "shift",
                format!("the last step leaves {}% of the traffic behind", 100 - last.value()),
            )
            .at(at(rollout.shift.len() - 1))
            .label("not everything")
            .help("end with \"100%\""),
        );
    }
    if !rollout.shift.is_empty() && rollout.strategy == Strategy::Rolling {
        found.push(
            Diagnostic::error("shift", "a rolling release has no steps of traffic")
                .at(subject.key(&["rollout", "shift"]))
                .label("would not be followed")
                .help("write `strategy = \"blue_green\"`, or take `shift` out"),
        );
    }
}

/// Green has some time, and not for ever.
pub(super) fn deadlines(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let deadline = rollout(subject).and_then(|rollout| rollout.progress_deadline);
    if let Some(deadline) = deadline.filter(|it| !(1..=LONGEST_DEADLINE).contains(&it.seconds())) {
        let path = ["rollout", "progress_deadline"];
        found.push(super::out_of_range(subject, &path, deadline, "`1s` to `1d`"));
    }
}

/// Two versions never meet on a database that only one of them can read.
pub(super) fn breaking_changes(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(rollout) = rollout(subject) else {
        return;
    };
    let gradual = rollout.shift.iter().any(|step| !matches!(step.value(), 0 | 100));
    // What ECS carries out never runs one version alone.
    let is_native = rollout.strategy == Strategy::Native;
    if rollout.schema_change == SchemaChange::Breaking && gradual && !is_native {
        let written = subject.written(&["rollout", "schema_change"]);
        let label = if written {
            "breaks the old version"
        } else {
            "`schema_change` is `breaking` when nothing is written"
        };
        let path: &[&str] = if written { &["rollout", "schema_change"] } else { &["rollout"] };
        found.push(
            Diagnostic::error("breaking-shift", "a breaking schema change cannot be rolled out gradually")
                .at(subject.place(path))
                .label(label)
                .help("both versions would work on one database: write `schema_change = \"none\"` or `\"additive\"` if that is true of this release, or `shift = [\"100%\"]`")
                .related(subject.place(&["rollout", "shift"]), "both versions serve people during these steps"),
        );
    }
}

/// The alarms that turn a rollout back are described.
pub(super) fn abort_alarms(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(rollout) = rollout(subject) else {
        return;
    };
    let alarms = || subject.file.alarms.iter().flat_map(|alarms| alarms.alarm.keys()).map(String::as_str);
    for (index, name) in rollout.abort_on.iter().enumerate() {
        if alarms().any(|alarm| alarm == name) {
            continue;
        }
        let help = match nearest(name, alarms()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "describe it as `[alarms.{name}]`; there are: {}",
                alarms().collect::<Vec<_>>().join(", ")
            ),
        };
        found.push(
            Diagnostic::error("unknown-reference", format!("there is no alarm `{name}`"))
                .at(subject.place(&["rollout", "abort_on", &index.to_string()]))
                .label("not described here")
                .help(help),
        );
    }
}

/// The host that is switched is one that a listener lets through.
pub(super) fn switches(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(switch) = rollout(subject).and_then(|rollout| rollout.switch.as_ref()) else {
        return;
    };
    let listeners: Vec<_> =
        subject.file.load_balancer.values().flat_map(|balancer| balancer.listener.values()).collect();
    if listeners.iter().any(|listener| listener.lets_through(&switch.host)) {
        return;
    }
    let hosts: Vec<&str> =
        listeners.iter().flat_map(|listener| &listener.hosts).map(String::as_str).collect();
    let help = match nearest(&switch.host, hosts.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "add it to the listener's `hosts`: what no rule matches is answered 404".to_owned(),
    };
    found.push(
        Diagnostic::error("switch-host", format!("no listener lets `{}` through", switch.host))
            .at(subject.place(&["rollout", "switch", "host"]))
            .label("would be answered 404")
            .help(help),
    );
}

/// A cut-over leads from a service that is named to one that can take over.
pub(super) fn cut_overs(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some((rollout, switch)) = rollout(subject).and_then(|it| Some((it, it.switch.as_ref()?))) else {
        return;
    };
    external(subject, "old", switch.old.as_deref(), "ecs_service", found);
    external(subject, "from", switch.from.as_deref(), "cloud_map", found);
    applications(subject, switch, found);
    if switch.old.is_none() {
        return;
    }
    let at = subject.place(&["rollout", "switch", "old"]);
    if rollout.strategy != Strategy::BlueGreen {
        found.push(
            Diagnostic::error("cut-over", "only a blue/green service can be cut over to")
                .at(at)
                .label("would not be followed")
                .help("write `strategy = \"blue_green\"`"),
        );
        return;
    }
    let takers: Vec<&str> = subject.file.taking(&switch.host).map(|(name, ..)| name).collect();
    if takers.len() > 1 {
        found.push(
            Diagnostic::error("cut-over", format!("`{}` is led to several services", switch.host))
                .at(at)
                .label("it could be cut over to each of them")
                .help(format!(
                    "let one listener of one service take the host; there are: {}",
                    takers.join(", ")
                )),
        );
    }
}

/// Who switches through Microsoft Graph says which application, and from where:
/// nothing else is written over.
fn applications(subject: &Subject<'_>, switch: &Switch, found: &mut Vec<Diagnostic>) {
    let mut say = |key: &str, what: String, label: &str, help: &str| {
        let at = subject.place(&["rollout", "switch", key]);
        found.push(Diagnostic::error("cut-over", what).at(at).label(label).help(help));
    };
    let by_graph = switch.mode == SwitchMode::Graph;
    match &switch.application {
        Some(id) if !is_object_id(id) => say(
            "application",
            format!("`{id}` is no Object ID"),
            "not a UUID",
            "in the Microsoft Entra admin center, App registrations, the application: copy its Object ID",
        ),
        Some(_) if !by_graph => say(
            "application",
            "only the agent needs to know the application".to_owned(),
            "would not be used",
            "write `mode = \"graph\"`, or take `application` out",
        ),
        None if by_graph => say(
            "mode",
            "it is not said which application is switched".to_owned(),
            "of which application?",
            "write the Object ID of its registration in Microsoft Entra: `application = \"…\"`",
        ),
        Some(_) | None => {}
    }
    if by_graph && switch.from.is_none() {
        say(
            "mode",
            "it is not said where people enter today".to_owned(),
            "from where?",
            "describe it as an external of kind `cloud_map`, and write `from = \"external.NAME\"`: the agent switches from there and from nowhere else",
        );
    }
}

/// A UUID as Microsoft writes it: five groups of hexadecimal digits.
fn is_object_id(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(|group| group.bytes().all(|it| it.is_ascii_hexdigit()))
}

/// What is named is described, and is of the kind that is wanted.
fn external(
    subject: &Subject<'_>,
    key: &str,
    named: Option<&str>,
    wanted: &str,
    found: &mut Vec<Diagnostic>,
) {
    let Some(named) = named else { return };
    let kind = subject.file.external_at(named).map(|(_, external)| external.kind());
    if kind == Some(wanted) {
        return;
    }
    let fitting = subject.file.external.iter().filter(|(_, external)| external.kind() == wanted);
    let fitting: Vec<String> = fitting.map(|(name, _)| format!("external.{name}")).collect();
    let help = match (nearest(named, fitting.iter().map(String::as_str)), fitting.is_empty()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, false) => format!("write one of: {}", fitting.join(", ")),
        (None, true) => format!("describe it as `[external.NAME]` with `kind = \"{wanted}\"`"),
    };
    let what = match kind {
        Some(kind) => format!("`{named}` is of kind `{kind}`, and `{wanted}` is wanted"),
        None => format!("there is no external `{named}`"),
    };
    found.push(
        Diagnostic::error("unknown-reference", what)
            .at(subject.place(&["rollout", "switch", key]))
            .label("refers to it here")
            .help(help),
    );
}

/// A migration task has something to migrate, and a rollout to run in.
pub(super) fn migrations(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some((rollout, migration)) = rollout(subject).and_then(|it| Some((it, it.migration.as_ref()?)))
    else {
        return;
    };
    let mut say = |path: &[&str], what: &str, help: &str| {
        found.push(
            Diagnostic::error("migration", what).at(subject.place(path)).label("would not be run").help(help),
        );
    };
    if migration.command.is_empty() {
        say(
            &["rollout", "migration", "command"],
            "the migration task has no command",
            "write what it runs, such as `command = [\"alembic\", \"upgrade\", \"head\"]`",
        );
    }
    if rollout.strategy != Strategy::BlueGreen {
        say(
            &["rollout", "migration"],
            "only a blue/green release runs a migration task",
            "write `strategy = \"blue_green\"`, or take `migration` out",
        );
    } else if rollout.schema_change == SchemaChange::None {
        say(
            &["rollout", "migration"],
            "there is nothing to migrate: `schema_change` is `none`",
            "write `schema_change = \"additive\"` or `\"breaking\"`, or take `migration` out",
        );
    }
    let zero = migration.within.is_some_and(|within| within.seconds() == 0);
    if zero {
        say(
            &["rollout", "migration", "within"],
            "a migration takes more than no time",
            "write how long it may take, such as `\"30m\"`",
        );
    }
}
