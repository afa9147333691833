//! T19: secrets are planted wherever one can come from, and looked for wherever something is written.

use std::collections::BTreeMap;

use pointsman_tests::{
    agent::{Running, ended},
    story::{PRODUCTION, PRODUCTION_FILE, World},
    visitor::{get, server_of},
};

use crate::{PATIENCE, world};

/// A value that nothing else can say.
fn canary(number: usize) -> String {
    format!("cAnArY{number:02}{:032x}", fastrand::u128(..))
}

/// Everything that AWS keeps for the agent beside the environment's own objects.
const KEPT: &str = r#"
s3, db = client("s3"), client("dynamodb")
for found in s3.list_object_versions(Bucket="gg-ai-terraform-states").get("Versions", []):
    if found["Key"].endswith("terraform.tfstate"):
        continue
    body = s3.get_object(Bucket="gg-ai-terraform-states", Key=found["Key"], VersionId=found["VersionId"])["Body"].read()
    print("OBJECT", found["Key"], body.decode())
for table in ("pointsman-runs", "terraform-state-locks"):
    for item in db.scan(TableName=table)["Items"]:
        print("ITEM", table, item)
for stack in client("ecs").list_task_definitions()["taskDefinitionArns"]:
    print("TASK DEFINITION", client("ecs").describe_task_definition(taskDefinition=stack)["taskDefinition"])
for alarm in client("cloudwatch").describe_alarms()["MetricAlarms"]:
    print("ALARM", alarm)
"#;

/// Everything that GitHub keeps of a pull request.
fn told(world: &World, number: u64) -> String {
    let pull = world.github.pull(number);
    format!("{:?}\n{:?}\n{:?}\n{:?}", pull.comments(), pull.checks(), pull.statuses(), pull.deployments())
}

#[test]
fn t19_no_planted_secret_is_written_anywhere() {
    let world = world();
    let mut planted: BTreeMap<String, String> = BTreeMap::new();
    let mut plant = |place: &str, number: usize| {
        let value = canary(number);
        planted.insert(format!("{place} {number}"), value.clone());
        value
    };

    // Secrets Manager: what the estate refers to, and others.
    let mut script = String::from("s = client('secretsmanager')\n");
    for (number, name) in
        ["gravity-ai-chat/database-url", "gravity-ai-chat/webui-secret-key"].iter().enumerate()
    {
        let value = plant("the external secret", number);
        script += &format!("s.put_secret_value(SecretId='{name}', SecretString='{value}')\n");
    }
    for number in 0..8 {
        let value = plant("another secret", number);
        script += &format!("s.create_secret(Name='production/other-{number}', SecretString='{value}')\n");
    }
    // Terraform's own state beside ours.
    for number in 0..10 {
        let value = plant("Terraform's state", number);
        script += &format!(
            "client('s3').put_object(Bucket='gg-ai-terraform-states', Key='production/{number}/terraform.tfstate', \
             Body=b'{{\"outputs\": {{\"password\": \"{value}\"}}}}')\n"
        );
    }
    world.aws.python(&script);

    // The process's environment, and its credentials.
    let mut environment: Vec<(String, String)> = Vec::new();
    for (number, name) in [
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "DATABASE_URL",
        "REDIS_URL",
        "WEBUI_SECRET_KEY",
        "TF_VAR_password",
        "VAULT_TOKEN",
        "NPM_TOKEN",
        "SLACK_TOKEN",
        "OPENAI_API_KEY",
        "PGPASSWORD",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "HTTPS_PROXY_PASSWORD",
        "DOCKER_PASSWORD",
        "CI_JOB_TOKEN",
        "SENTRY_DSN",
        "DATADOG_API_KEY",
        "STRIPE_KEY",
        "SMTP_PASSWORD",
        "LDAP_PASSWORD",
        "JWT_SECRET",
        "COOKIE_SECRET",
        "ENCRYPTION_KEY",
        "LICENSE_KEY",
    ]
    .iter()
    .enumerate()
    {
        environment.push(((*name).to_owned(), plant("the variable", number)));
    }
    let (key, token) = (plant("the credentials file", 0), plant("the credentials file", 1));
    let credentials = world.folder().join("canary-credentials");
    let profile = pointsman_tests::aws::PROFILE;
    std::fs::write(
        &credentials,
        format!("[{profile}]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {key}\naws_session_token = {token}\n"),
    )
    .unwrap();
    environment.push(("AWS_SHARED_CREDENTIALS_FILE".to_owned(), credentials.display().to_string()));
    environment.push(("POINTSMAN_LOG".to_owned(), "trace".to_owned()));

    // A pull request is planned, merged and deployed by the agent, then people look.
    let mut written: BTreeMap<String, String> = BTreeMap::new();
    let configuration = world.configuration("[server]\nlisten = \"127.0.0.1:0\"\n");
    let mut command = world.command();
    command.arg("run").arg("--config").arg(configuration).envs(environment.clone());
    let agent = Running::start(&mut command);
    let number =
        world.propose("canaries", PRODUCTION_FILE, &World::example_environment(), "Describe OpenWebUI");
    world
        .github
        .wait_until(PATIENCE, "the plan", |repository| !repository.pulls[&number].comments.is_empty());
    world.github.merge(number);
    agent.wait_until_said("deployed", PATIENCE);
    let clone = world.clone_of("main");
    for arguments in [
        &["plan", PRODUCTION][..],
        &["plan", PRODUCTION, "--json"],
        &["check", PRODUCTION, "--live"],
        &["drift", PRODUCTION],
        &["status", PRODUCTION],
        &["status", PRODUCTION, "--json"],
        &["outputs", PRODUCTION, "--json"],
        &["history", PRODUCTION],
        &["history", PRODUCTION, "--json"],
        &["policy", "input", PRODUCTION],
        &["policy", "explain", PRODUCTION],
        &["graph", PRODUCTION],
        &["cost", PRODUCTION],
        &["apply", PRODUCTION, "--yes", "-vv"],
    ] {
        let said = ended(clone.command(arguments).envs(environment.clone()));
        written.insert(format!("pointsman {}", arguments.join(" ")), said.out + &said.err);
    }
    // What was made meanwhile.
    for name in ["cache.sessions.auth_token", "cache.sessions.url_secret"] {
        let read = format!(
            "client('secretsmanager').get_secret_value(SecretId='production/gravity-ai-chat/{name}')['SecretString']"
        );
        let value = world.aws.value(&read).as_str().expect("text").to_owned();
        planted.insert(format!("made: {name}"), value);
    }
    let key = std::fs::read_to_string(world.folder().join("app.pem")).unwrap();
    let line = key.lines().nth(3).expect("a key of many lines").to_owned();
    planted.insert("the GitHub App's key".to_owned(), line);
    planted.insert("an installation token".to_owned(), world.github.installation_token());

    let server = server_of(&agent, PATIENCE);
    let environment_page = format!("/environments/{PRODUCTION}");
    let pull_page = format!("/pulls/{number}");
    for path in ["/", &environment_page, &pull_page, "/metrics"] {
        let page = get(server, path);
        assert_eq!(page.status, 200, "{path}");
        written.insert(format!("the agent's {path}"), page.text);
    }
    written.insert("the agent's log".to_owned(), agent.stop(PATIENCE).0);
    written.insert("the bucket, the tables, what runs".to_owned(), world.aws.python(KEPT));
    written.insert("the pull request".to_owned(), told(&world, number));
    let page = format!(
        "import urllib.request\nprint(urllib.request.urlopen('{}').read().decode())",
        world.github.pull_url(number)
    );
    written.insert("its page at GitHub".to_owned(), world.aws.python(&page));

    let mut found = Vec::new();
    for (place, text) in &written {
        assert!(text.len() > 20, "{place} says nothing: {text}");
        for (what, value) in &planted {
            if text.contains(value.as_str()) {
                found.push(format!("{what} in {place}"));
            }
        }
    }
    let size: usize = written.values().map(String::len).sum();
    println!(
        "T19: {} secrets planted, {} places with {} KiB searched, {} found",
        planted.len(),
        written.len(),
        size / 1024,
        found.len()
    );
    assert!(planted.len() >= 50, "{}", planted.len());
    assert!(found.is_empty(), "{found:#?}");
}
