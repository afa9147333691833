//! What preflight makes of what AWS answered, and what people read of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read the shipped environments"
)]

use std::{collections::BTreeMap, path::Path};

use pointsman_core::{
    desired::{Neighbour, Network, Subnet},
    environment::{Environment, Sources, read},
    failure::{CloudError, CloudErrorKind},
    preflight::{
        Access, Allowed, Answers, Backend, Bucket, BucketTraits, Denied, Facts, Identity, Image, Key, Limit,
        MountTarget, Ownership, Quota, Subject, Table, TableTraits, Work, judge, lock_key, questions,
        run_expiry, run_key, work,
    },
    render,
};

const EXECUTION_ROLE: &str = "arn:aws:iam::908027381725:role/ecsTaskExecutionRole";

fn production() -> Environment {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let names = [
        "environments/_base.toml",
        "environments/production/_base.toml",
        "environments/production/gravity-ai-chat.toml",
    ];
    let texts = names.map(|name| (name.to_owned(), std::fs::read_to_string(root.join(name)).unwrap()));
    let sources: Sources = texts.into_iter().collect();
    read(&sources).environment("production/gravity-ai-chat").cloned().expect("the example is sound")
}

fn table(key: Vec<Key>, expires: Option<&str>) -> Table {
    Table::Stands(TableTraits {
        key,
        status: "ACTIVE".to_owned(),
        expires: Ok(expires.map(ToOwned::to_owned)),
    })
}

fn sound_backend() -> Backend {
    let identity = Identity {
        account: "908027381725".to_owned(),
        arn: "arn:aws:iam::908027381725:user/robin".to_owned(),
    };
    Backend {
        access: Access {
            identity: "the profile `ops`".to_owned(),
            arn: Some(identity.arn.clone()),
            region: "us-east-1".to_owned(),
            options: "--region us-east-1 --profile ops".to_owned(),
        },
        identity: Ok(identity),
        bucket_name: "gg-ai-terraform-states".to_owned(),
        bucket: Bucket::Stands(Box::new(BucketTraits {
            versioned: Ok(true),
            encrypted: Ok(true),
            private: Ok(true),
            owner_enforced: Ok(true),
        })),
        lock_table_name: "terraform-state-locks".to_owned(),
        lock_table: table(lock_key(), None),
        run_table: table(run_key(), Some(run_expiry())),
    }
}

fn neighbour(id: &str, attributes: &[(&str, &str)]) -> Neighbour {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Neighbour { id: id.to_owned(), attributes: attributes.iter().map(owned).collect() }
}

fn sound() -> Facts {
    let backend = sound_backend();
    let subnets =
        ["a", "b", "c"].map(|zone| Subnet { id: format!("subnet-{zone}"), zone: format!("us-east-1{zone}") });
    let free: BTreeMap<String, u64> = subnets.iter().map(|subnet| (subnet.id.clone(), 200)).collect();
    let targets = subnets
        .iter()
        .map(|subnet| MountTarget { zone: subnet.zone.clone(), status: "available".to_owned() });
    let network = Network {
        vpc: "vpc-1".to_owned(),
        subnets: BTreeMap::from([("private".to_owned(), subnets.to_vec())]),
    };
    let externals = [
        (
            "database",
            neighbour("db", &[("secret", "arn:aws:secretsmanager:us-east-1:908027381725:secret:url")]),
        ),
        ("files", neighbour("fs-1", &[("encrypted", "true")])),
        (
            "webui-key",
            neighbour("key", &[("arn", "arn:aws:secretsmanager:us-east-1:908027381725:secret:key")]),
        ),
    ];
    let image = production().file.service["webui3-scaled"].image.clone();
    let allowed = || Ok(Allowed::Without(Vec::new()));
    Facts {
        identity: backend.identity.clone(),
        backend,
        network: Ok(network),
        externals: externals.map(|(name, found)| (name.to_owned(), Ok(found))).into_iter().collect(),
        conflicts: Vec::new(),
        answers: Answers {
            clusters: BTreeMap::from([("webUIcluster2".to_owned(), Ok(Some(1)))]),
            free_addresses: Some(Ok(free)),
            mount_targets: BTreeMap::from([("files".to_owned(), Ok(targets.collect()))]),
            images: BTreeMap::from([(image, Ok(Image::There))]),
            roles: BTreeMap::from([(EXECUTION_ROLE.to_owned(), allowed())]),
            own: Some(allowed()),
            rules: BTreeMap::new(),
            quotas: BTreeMap::from([(Quota::FargateCpus, Ok(Limit { most: 400, used: None }))]),
        },
    }
}

fn said(facts: &Facts) -> String {
    let environment = production();
    let found = judge(&Subject { environment: &environment, facts, prospect: None });
    render::preflight::text(&environment.name, &found)
}

fn refusal(kind: CloudErrorKind, operation: &str, message: &str) -> CloudError {
    CloudError {
        kind,
        operation: operation.to_owned(),
        subject: String::new(),
        code: None,
        message: message.to_owned(),
        request_id: None,
        help: None,
    }
}

#[test]
fn what_is_sound_is_silent() {
    assert_eq!(said(&sound()), "");
}

#[test]
fn the_wrong_account_and_the_places() {
    let mut facts = sound();
    facts.identity.as_mut().unwrap().account = "111122223333".to_owned();
    facts.answers.clusters.insert("webUIcluster2".to_owned(), Ok(None));
    let image = facts.answers.images.keys().next().unwrap().clone();
    facts.answers.images.insert(image, Ok(Image::Absent));
    facts.externals.insert("files".to_owned(), Ok(neighbour("fs-1", &[("encrypted", "false")])));
    if let Some(Ok(targets)) = facts.answers.mount_targets.get_mut("files") {
        targets[1].status = "creating".to_owned();
        targets.truncate(2);
    }
    facts.externals.insert(
        "legacy".to_owned(),
        Err(refusal(CloudErrorKind::Unsuitable, "ecs:DescribeServices", "there is no service `webui3`")),
    );
    insta::assert_snapshot!("places", said(&facts));
}

#[test]
fn permissions_and_room() {
    let mut facts = sound();
    let denied = |action: &str, resource: &str, explicitly: bool| Denied {
        action: action.to_owned(),
        resource: resource.to_owned(),
        explicitly,
    };
    facts.answers.own = Some(Ok(Allowed::Without(vec![
        denied("ec2:CreateSecurityGroup", "*", false),
        denied("logs:CreateLogGroup", "arn:aws:logs:us-east-1:908027381725:log-group:/pointsman/*", false),
        denied("iam:PassRole", EXECUTION_ROLE, true),
    ])));
    let secret = "arn:aws:secretsmanager:us-east-1:908027381725:secret:url";
    let unreadable = denied("secretsmanager:GetSecretValue", secret, false);
    facts.answers.roles.insert(EXECUTION_ROLE.to_owned(), Ok(Allowed::Without(vec![unreadable])));
    facts.answers.free_addresses = Some(Ok(BTreeMap::from([("subnet-a".to_owned(), 12)])));
    facts.answers.quotas.insert(Quota::FargateCpus, Ok(Limit { most: 6, used: None }));
    let unreachable = refusal(CloudErrorKind::AccessDenied, "servicequotas:GetServiceQuota", "no");
    facts.answers.quotas.insert(Quota::Services, Err(unreachable));
    insta::assert_snapshot!("permissions_and_room", said(&facts));
}

#[test]
fn who_may_not_ask_iam_is_not_stopped() {
    let mut facts = sound();
    facts.answers.own = Some(Err(refusal(CloudErrorKind::AccessDenied, "iam:SimulatePrincipalPolicy", "no")));
    assert!(said(&facts).starts_with("- note[not-simulated]"), "{}", said(&facts));
}

#[test]
fn the_roles_are_asked_for_the_secrets_that_exist() {
    let environment = production();
    let facts = sound();
    let externals: BTreeMap<String, Neighbour> =
        facts.externals.iter().map(|(name, found)| (name.clone(), found.clone().unwrap())).collect();
    let asked = questions(&environment, facts.network.as_ref().ok(), &externals, None);
    insta::assert_debug_snapshot!("questions", asked);
}

#[test]
fn only_what_is_missing_is_made() {
    let mut backend = sound_backend();
    assert_eq!(work(&backend), []);
    backend.bucket = Bucket::Closed(Ownership::Foreign);
    backend.lock_table = table(run_key(), None);
    backend.run_table = table(lock_key(), None);
    assert_eq!(work(&backend), [], "what is someone else's, or has another key, is left as it is");
    backend.bucket = Bucket::Absent;
    backend.lock_table = Table::Absent;
    backend.run_table = table(run_key(), None);
    assert_eq!(
        work(&backend),
        [
            Work::MakeBucket,
            Work::Version,
            Work::Encrypt,
            Work::BlockPublic,
            Work::EnforceOwner,
            Work::MakeLockTable,
            Work::Expire
        ]
    );
}
