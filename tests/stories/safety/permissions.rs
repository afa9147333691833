//! T20: the policies that the program prints, replayed against every call that it makes.

use std::collections::{BTreeMap, BTreeSet};

use pointsman_tests::{
    aws::Call,
    story::{Clone, PRODUCTION, PRODUCTION_FILE, World},
};
use serde_json::Value;

use crate::{kinds, world};

/// The action that AWS asks for where it is not named like the call.
const OTHERWISE: [(&str, &str); 12] = [
    ("s3:HeadBucket", "s3:ListBucket"),
    ("s3:ListObjectsV2", "s3:ListBucket"),
    ("s3:ListBuckets", "s3:ListAllMyBuckets"),
    ("s3:HeadObject", "s3:GetObject"),
    ("s3:GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    ("s3:PutBucketEncryption", "s3:PutEncryptionConfiguration"),
    ("s3:GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
    ("s3:PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    ("s3:GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
    ("s3:PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
    ("s3:GetTagging", "s3:GetBucketTagging"),
    ("s3:PutTagging", "s3:PutBucketTagging"),
];

/// The actions that a call asks for.
fn actions(call: &Call) -> Vec<String> {
    let service = match call.service.as_str() {
        "monitoring" => "cloudwatch",
        "tagging" => "tag",
        other => other,
    };
    if call.operation == "TransactWriteItems" {
        return ["PutItem", "ConditionCheckItem"].map(|action| format!("dynamodb:{action}")).to_vec();
    }
    let named = format!("{service}:{}", call.operation);
    let other = OTHERWISE.iter().find(|(call, _)| *call == named);
    vec![other.map_or(named, |(_, action)| (*action).to_owned())]
}

/// The actions that the printed policies of a role allow.
fn allowed(policies: &Value, roles: &[&str]) -> BTreeSet<String> {
    let documents = policies.as_object().expect("policies by name").iter();
    documents
        .filter(|(name, _)| roles.iter().any(|role| name.starts_with(role)))
        .flat_map(|(_, document)| document["Statement"].as_array().cloned().unwrap_or_default())
        .flat_map(|statement| statement["Action"].as_array().cloned().unwrap_or_default())
        .filter_map(|action| action.as_str().map(ToOwned::to_owned))
        .collect()
}

/// Runs commands, and notes each of their actions that the roles do not allow.
struct Replay<'a> {
    clone: Clone<'a>,
    world: &'a World,
    policies: Value,
    name: &'a str,
    used: &'a mut BTreeMap<String, usize>,
    wrong: &'a mut BTreeSet<String>,
}

impl Replay<'_> {
    fn run(&mut self, roles: &[&str], arguments: &[&str]) {
        self.world.aws.proxy().clear();
        let arguments = [&arguments[..1], &[self.name], &arguments[1..]].concat();
        self.clone.run(&arguments).expect_code(0);
        let allowed = allowed(&self.policies, roles);
        for action in self.world.aws.proxy().calls().iter().flat_map(actions) {
            if !allowed.contains(&action) {
                self.wrong
                    .insert(format!("`{}` calls {action}, not allowed to {roles:?}", arguments.join(" ")));
            }
            *self.used.entry(action).or_default() += 1;
        }
    }
}

#[test]
fn t20_every_call_is_allowed_by_the_right_role() {
    let world = world();
    let with_lock_file = kinds::TEXT.replace("[state]\n", "[state]\nlockfile = true\n");
    let files = [(PRODUCTION_FILE, World::example_environment()), (kinds::FILE, with_lock_file)];
    let files: Vec<(&str, Option<&str>)> =
        files.iter().map(|(path, text)| (*path, Some(text.as_str()))).collect();
    world.git.commit("main", &files, "Describe both");
    world.aws.python(
        "client('dynamodb').delete_table(TableName='terraform-state-locks')\n\
         client('dynamodb').delete_table(TableName='pointsman-runs')\n\
         client('s3').delete_bucket(Bucket='gg-ai-terraform-states')",
    );
    let (mut used, mut wrong, mut printed) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
    for name in [PRODUCTION, kinds::NAME] {
        let clone = world.clone_of("main");
        let policies = clone.run(&["init", name, "--iam"]).expect_code(0);
        let policies: Value = serde_json::from_str(&policies.out).expect("JSON");
        printed.extend(allowed(&policies, &["reading", "writing", "founding"]));
        let mut replay = Replay { clone, world: &world, policies, name, used: &mut used, wrong: &mut wrong };
        let (reading, writing) = (&["reading"][..], &["reading", "writing"][..]);
        replay.run(&["reading", "writing", "founding"], &["init", "--create"]);
        replay.run(reading, &["init"]);
        replay.run(reading, &["check", "--live"]);
        replay.run(reading, &["plan"]);
        replay.run(writing, &["apply", "--yes"]);
        for command in ["plan", "drift", "status", "outputs"] {
            replay.run(reading, &[command]);
        }
        replay.run(writing, &["destroy", "--yes"]);
    }
    let unused: Vec<&String> = printed.iter().filter(|action| !used.contains_key(*action)).collect();
    println!(
        "T20 (actions; resources and conditions are not judged): {} calls of {} actions replayed, {} not allowed; \
         {} of {} allowed actions were not needed here: {unused:?}",
        used.values().sum::<usize>(),
        used.len(),
        wrong.len(),
        unused.len(),
        printed.len(),
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}
