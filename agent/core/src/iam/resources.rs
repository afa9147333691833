use std::collections::BTreeSet;

use crate::{
    environment::{
        Environment,
        block::{Encrypt, External, Strategy},
    },
    preflight::RUN_TABLE,
    rollout::{CutOver, Slot},
};

/// The shortest of AWS's limits on names, less what `resource::names` adds.
const NAME: usize = 25;

/// The ARNs that patterns stand for in an environment. A word in braces that
/// has several meanings makes several ARNs, one that has none makes none.
pub fn resources(environment: &Environment, patterns: &[&str]) -> Vec<String> {
    let all: BTreeSet<String> =
        patterns.iter().flat_map(|pattern| expanded(environment, vec![(*pattern).to_owned()])).collect();
    all.into_iter().collect()
}

fn expanded(environment: &Environment, patterns: Vec<String>) -> Vec<String> {
    patterns
        .into_iter()
        .flat_map(|pattern| {
            let Some((head, word, tail)) = first_word(&pattern) else {
                return vec![pattern];
            };
            let filled =
                meanings(environment, word).into_iter().map(|meaning| format!("{head}{meaning}{tail}"));
            expanded(environment, filled.collect())
        })
        .collect()
}

fn first_word(pattern: &str) -> Option<(&str, &str, &str)> {
    let (head, rest) = pattern.split_once('{')?;
    let (word, tail) = rest.split_once('}')?;
    Some((head, word, tail))
}

fn meanings(environment: &Environment, word: &str) -> Vec<String> {
    let file = &environment.file;
    let (region, account) = (&file.aws.region, &file.aws.account);
    let state_region = file.state.region.as_ref().unwrap_or(region);
    if let Some(service) = word.strip_prefix("home:") {
        return vec![format!("arn:{}:{service}:{region}:{account}", partition(region))];
    }
    match word {
        "partition" => vec![partition(region).to_owned()],
        "account" => vec![account.clone()],
        "environment" => vec![environment.name.to_string()],
        "bucket" => vec![file.state.bucket.clone()],
        "prefix" => {
            let key = &file.state.key;
            vec![format!("{}.pointsman", key.strip_suffix(".tfstate").unwrap_or(key))]
        }
        "lock_file" => file.state.lockfile.then(|| file.state.lock_file()).into_iter().collect(),
        "tables" => {
            let owner = file.state.owner(account);
            vec![format!("arn:{}:dynamodb:{state_region}:{owner}:table", partition(state_region))]
        }
        "lock_table" => vec![file.state.lock_table.clone()],
        "run_table" => vec![RUN_TABLE.to_owned()],
        "name" => vec![name(environment)],
        "lower_name" => vec![crate::resource::names::lower(&name(environment))],
        "cluster" => {
            let scheduled = file.scheduled_task.values().map(|task| &task.cluster);
            let own = file.service.values().map(|service| &service.cluster).chain(scheduled);
            let referred = file.external.values().filter_map(|external| match external {
                External::EcsService { cluster, .. } => Some(cluster),
                _ => None,
            });
            own.chain(referred).cloned().collect()
        }
        "service" => {
            let is_blue_green = file.rollout.as_ref().is_some_and(|it| it.strategy == Strategy::BlueGreen);
            let sides = file.service.iter().flat_map(|(name, service)| {
                let second = (is_blue_green && service.expose.is_some()).then_some(Slot::B);
                let slots = std::iter::once(Slot::A).chain(second);
                slots.map(move |slot| format!("{}/{}", service.cluster, slot.block_name(name)))
            });
            sides.collect()
        }
        "native_service" => {
            let exposed = file.service.iter().filter(|(_, service)| service.expose.is_some());
            // Who was blue/green before may stand on the second side.
            let sides = exposed.flat_map(|(name, service)| {
                [Slot::A, Slot::B].map(|slot| format!("{}/{}", service.cluster, slot.block_name(name)))
            });
            if file.is_native() { sides.collect() } else { Vec::new() }
        }
        "traffic_role" => {
            file.rollout.iter().filter_map(|it| it.role.as_ref()).map(ToString::to_string).collect()
        }
        "old_service" => CutOver::of(environment).map(|it| it.old_service()).into_iter().collect(),
        "role" => file
            .tasks()
            .flat_map(|task| task.task_role.into_iter().chain([task.execution_role]))
            .map(ToString::to_string)
            .collect(),
        "schedule_role" => file.scheduled_task.values().map(|task| task.schedule_role.to_string()).collect(),
        "dashboard" => file.dashboard.iter().map(|dashboard| dashboard.name.clone()).collect(),
        "kms_key" => match &file.state.encrypt {
            Encrypt::Key(key) if key.starts_with("arn:") => vec![key.clone()],
            Encrypt::Key(key) if key.starts_with("alias/") => {
                vec![format!("arn:{}:kms:{state_region}:{account}:key/*", partition(state_region))]
            }
            Encrypt::Key(key) => {
                vec![format!("arn:{}:kms:{state_region}:{account}:key/{key}", partition(state_region))]
            }
            Encrypt::Default(_) => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// What every name of the environment's objects begins with.
fn name(environment: &Environment) -> String {
    let clean = environment.name.leaf().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    clean.take(NAME).collect::<String>().trim_matches('-').to_owned()
}

fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}
