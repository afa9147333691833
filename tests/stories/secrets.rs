//! Secrets: made, composed, handed to tasks, rotated, taken back; and never seen.

use pointsman_tests::{
    agent::ended,
    story::{Clone, PRODUCTION, PRODUCTION_FILE, World},
};
use serde_json::Value;

use crate::{described, settled};

const TOKEN: &str = "production/gravity-ai-chat/cache.sessions.auth_token";
const URL: &str = "production/gravity-ai-chat/cache.sessions.url_secret";

/// A secret's value, as its owner would read it.
fn value_of(world: &World, name: &str) -> String {
    let read = format!("client('secretsmanager').get_secret_value(SecretId='{name}')['SecretString']");
    world.aws.value(&read).as_str().expect("text").to_owned()
}

/// The only replication group, as ElastiCache describes it.
fn group(world: &World) -> Value {
    world.aws.value("(lambda g: {k: g.get(k) for k in ('TransitEncryptionEnabled', 'TransitEncryptionMode', 'AuthTokenEnabled', 'NodeGroups')})(client('elasticache').describe_replication_groups()['ReplicationGroups'][0])")
}

/// Where the only replication group answers.
fn endpoint(world: &World) -> String {
    let endpoint = &group(world)["NodeGroups"][0]["PrimaryEndpoint"];
    format!("{}:{}", endpoint["Address"].as_str().expect("an address"), endpoint["Port"])
}

/// What a plan would do: each address with its action.
fn planned(clone: &Clone<'_>) -> Vec<String> {
    let plan = clone.run(&["plan", PRODUCTION, "--json"]).expect_code(0);
    let plan: Value = serde_json::from_str(&plan.out).expect("JSON");
    let changes = plan["plan"]["changes"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    changes.map(|change| format!("{} {}", text(&change["action"]), text(&change["address"]))).collect()
}

fn revision(world: &World) -> Value {
    world.aws.value("client('ecs').describe_services(cluster='webUIcluster2', services=['webui3-scaled'])['services'][0]['taskDefinition'].split(':')[-1]")
}

#[test]
fn the_url_of_a_cache_is_a_secret_that_nobody_sees() {
    let world = described();
    let clone = world.clone_of("main");
    let mut said = String::new();
    let mut run = |arguments: &[&str]| {
        let mut command = clone.command(arguments);
        command.env("POINTSMAN_LOG", "trace");
        let done = ended(&mut command).expect_code(0);
        said.push_str(&done.out);
        said.push_str(&done.err);
    };
    run(&["plan", PRODUCTION, "--out", "first.plan"]);
    run(&["apply", PRODUCTION, "--yes"]);
    run(&["plan", PRODUCTION, "--json"]);
    run(&["outputs", PRODUCTION]);
    run(&["status", PRODUCTION]);

    let token = value_of(&world, TOKEN);
    assert!(
        token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "64 letters and digits"
    );
    assert_eq!(value_of(&world, URL), format!("rediss://:{token}@{}/0", endpoint(&world)));
    assert_eq!(group(&world)["AuthTokenEnabled"], true);
    assert!(said.contains("cache.sessions.auth_token"), "what was said was heard");

    let kept = world.aws.python(
        "s3 = client('s3')\nfor o in s3.list_objects_v2(Bucket='gg-ai-terraform-states').get('Contents', []):\n    \
         print(s3.get_object(Bucket='gg-ai-terraform-states', Key=o['Key'])['Body'].read().decode())\n\
         print([i for i in client('dynamodb').scan(TableName='terraform-state-locks')['Items']])\n\
         ecs = client('ecs')\n\
         for a in ecs.list_task_definitions()['taskDefinitionArns']:\n    print(ecs.describe_task_definition(taskDefinition=a, include=['TAGS']))\n\
         for s in client('secretsmanager').list_secrets()['SecretList']:\n    print(s)\n\
         for g in client('elasticache').describe_replication_groups()['ReplicationGroups']:\n    \
         print(g, client('elasticache').list_tags_for_resource(ResourceName=g['ARN']))",
    );
    assert!(kept.contains("url_secret"), "the state was read");
    let plan = std::fs::read_to_string(clone.path().join("first.plan")).expect("the plan's file");
    for (place, text) in [("what was said", &said), ("what is kept", &kept), ("the plan", &plan)] {
        // Any piece of it: tokens are cut in columns.
        for piece in token.as_bytes().windows(24) {
            let piece = std::str::from_utf8(piece).expect("letters and digits");
            assert!(!text.contains(piece), "the token stands in {place}");
        }
    }
}

#[test]
fn another_token_reaches_cache_url_and_tasks_and_other_values_are_let_be() {
    let world = described();
    let clone = world.clone_of("main");
    let file = crate::in_place() + "\n[secret.own-key]\ngenerate = 32\nrecovery = \"7d\"\n";
    clone.write(PRODUCTION_FILE, &file);
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    let own = "production/gravity-ai-chat/secret.own-key";
    assert_eq!(value_of(&world, own).len(), 32);

    // A value that people put in the place of a generated one is theirs.
    let put = |name: &str, value: &str| {
        let _ = world.aws.python(&format!(
            "client('secretsmanager').put_secret_value(SecretId='{name}', SecretString='{value}')"
        ));
    };
    put(own, "by-hand");
    assert_eq!(planned(&clone), Vec::<String>::new());

    // Another token is brought to all that use it, and the tasks start anew.
    let first = revision(&world);
    put(TOKEN, "another-token&by-hand");
    assert_eq!(
        planned(&clone),
        [
            "update cache.sessions",
            "update cache.sessions.url_secret",
            "rollout service.webui3-scaled",
            "rollout service.webui3-scaled.task_definition"
        ]
    );
    let plan = clone.run(&["plan", PRODUCTION]).expect_code(0);
    insta::assert_snapshot!("another_token", settled(plan.out.split("\nHeld").next().unwrap_or_default()));
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
    assert_eq!(
        value_of(&world, URL),
        format!("rediss://:another%2Dtoken%26by%2Dhand@{}/0", endpoint(&world))
    );
    assert_ne!(revision(&world), first);
    assert_eq!(value_of(&world, own), "by-hand");

    // What is deleted can be taken back, and is, with the value it had.
    clone.run(&["destroy", PRODUCTION, "--yes"]).expect_code(0);
    let window = world.aws.value(&format!(
        "(client('secretsmanager').describe_secret(SecretId='{own}')['DeletedDate'].timestamp() - time.time()) / 86400"
    ));
    assert!((6.9..=7.1).contains(&window.as_f64().unwrap_or_default()), "{window}");
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    assert_eq!(value_of(&world, own), "by-hand");
    assert_eq!(value_of(&world, TOKEN), "another-token&by-hand");
    clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
}

#[test]
fn token_and_encryption_are_taken_away_and_come_back() {
    let world = crate::describing(&crate::in_place());
    let clone = world.clone_of("main");
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    // What the policies of this repository forbid, AWS can do.
    for file in ["encrypted_caches.rego", "encrypted_caches_test.rego"] {
        std::fs::remove_file(clone.path().join("policies").join(file)).expect("a policy");
    }
    let original = crate::in_place();
    let without_token = original.replace("auth               = true ", "auth               = false ");
    assert_ne!(without_token, original);
    let without_tls = without_token.replace("in_transit = true", "in_transit = false");
    assert_ne!(without_tls, without_token);
    for (file, scheme, enabled, asks) in [
        (&without_token, "rediss://", true, false),
        (&original, "rediss://", true, true),
        (&without_tls, "redis://", false, false),
        (&original, "rediss://", true, true),
    ] {
        clone.write(PRODUCTION_FILE, file);
        clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
        clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
        let token = if asks { format!(":{}@", value_of(&world, TOKEN)) } else { String::new() };
        assert_eq!(value_of(&world, URL), format!("{scheme}{token}{}/0", endpoint(&world)));
        let group = group(&world);
        assert_eq!(
            (&group["TransitEncryptionEnabled"], &group["AuthTokenEnabled"]),
            (&enabled.into(), &asks.into())
        );
        let mode = &group["TransitEncryptionMode"];
        assert_eq!(mode.as_str(), enabled.then_some("required"));
    }
}

/// The example of staging, moved into the only account that this world has.
fn staging() -> String {
    let file = pointsman_tests::repository().join("environments/staging/gravity-ai-chat.toml");
    let mut text = std::fs::read_to_string(file).expect("the example is there");
    for (of_staging, here) in [
        ("111122223333", "908027381725"),
        ("gg-ai-terraform-states-staging", "gg-ai-terraform-states"),
        ("{ name = \"gg-staging\" }", "{ name = \"gg-production\" }"),
        ("\"gravity-ai-chat-staging\"\nsecret", "\"gravity-ai-chat-aurora\"\nsecret"),
        ("gravity-ai-chat/staging/database-url", "gravity-ai-chat/database-url"),
        ("\"gravity-ai-chat-staging\"\naccess_point", "\"gravity-ai-chat\"\naccess_point"),
        ("webUIcluster-staging", "webUIcluster2"),
    ] {
        assert!(text.contains(of_staging), "the example does not say `{of_staging}`");
        text = text.replace(of_staging, here);
    }
    text
}

#[test]
fn the_example_of_staging_makes_a_key_of_its_own() {
    // Alone: in one account it would want the names of production's.
    let world = crate::world();
    let clone = world.clone_of("main");
    clone.write("environments/staging/gravity-ai-chat.toml", &staging());
    let accounts = "[staging]\naccounts = [\"908027381725\"]\nregions = [\"us-east-1\"]\n";
    clone.write("policies/data/accounts.toml", accounts);
    clone.run(&["apply", "staging/gravity-ai-chat", "--yes"]).expect_code(0);
    clone.run(&["plan", "staging/gravity-ai-chat", "--detailed-exitcode"]).expect_code(0);
    let standing = crate::estate::inventory(&world);
    for line in
        ["WEBUI_SECRET_KEY from staging/gravity-ai-chat/secret.webui-key", "1 of 1 tasks run", "token True"]
    {
        assert!(standing.contains(line), "`{line}` is not in\n{standing}");
    }
    assert_eq!(value_of(&world, "staging/gravity-ai-chat/secret.webui-key").len(), 48);
    clone.run(&["destroy", "staging/gravity-ai-chat", "--yes"]).expect_code(0);
    assert_eq!(crate::estate::inventory(&world), "");
}
