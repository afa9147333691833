#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

use std::path::Path;

use super::{DriftSchedule, GithubIdentity, RepoCredentials, ReportAs, SecretSource, read};

fn errors(text: &str) -> String {
    let errors = read(Path::new("pointsman.toml"), text).expect_err("the configuration is wrong");
    errors.iter().map(|error| format!("{error}\n")).collect()
}

#[test]
fn the_least_that_is_needed_is_a_repo() {
    let config = read(
        Path::new("/etc/pointsman/pointsman.toml"),
        "[repo]\nurl = \"https://github.com/acme/config.git\"\n",
    );
    let config = config.unwrap();
    assert_eq!(config.repo.branch, "main");
    assert_eq!(config.repo.poll.as_secs(), 60);
    assert_eq!(config.agent.data_dir, Path::new("/etc/pointsman/.pointsman"));
    assert_eq!(config.agent.concurrency, 4);
    assert!(config.github.is_none() && config.drift.is_none() && config.repo.credentials.is_none());
}

#[test]
fn everything_that_can_be_said_is_understood() {
    let text = r#"
        [repo]
        url = "git@github.com:acme/config.git"
        branch = "release"
        environments = "estate/environments"
        policies = "estate/policies"
        poll = "5s"
        ssh_key_file = "keys/id_ed25519"

        [github]
        api_url = "https://github.acme.example/api/v3/"
        app_id = 12
        installation_id = 34
        key_file = "/run/secrets/app.pem"

        [drift]
        schedule = "0 6 * * *"

        [agent]
        name = "depot"
        data_dir = "/var/lib/pointsman"
        concurrency = 8

        [lease]
        heartbeat_ms = 100
        fresh_ms = 250
        attempt_ms = 200
        watch_ms = 600
        quiesce_ms = 600
    "#;
    let config = read(Path::new("/etc/pointsman/pointsman.toml"), text).unwrap();
    let github = config.github.unwrap();
    assert_eq!((github.owner.as_str(), github.name.as_str()), ("acme", "config"));
    assert_eq!(github.api_url, "https://github.acme.example/api/v3");
    assert_eq!(github.report, ReportAs::CheckRun);
    assert!(matches!(github.identity, GithubIdentity::App { app_id: 12, installation_id: 34, .. }));
    let Some(RepoCredentials::SshKey(key)) = config.repo.credentials else { panic!("an SSH key") };
    assert_eq!(key, Path::new("/etc/pointsman/keys/id_ed25519"));
    assert!(matches!(config.drift, Some(DriftSchedule::Cron(_))));
    assert_eq!(config.lease.watch_ms, 600);
}

#[test]
fn a_token_means_statuses() {
    let text =
        "[repo]\nurl = \"/srv/config.git\"\n[github]\nrepository = \"acme/config\"\ntoken_env = \"TOKEN\"\n";
    let github = read(Path::new("pointsman.toml"), text).unwrap().github.unwrap();
    assert_eq!(github.report, ReportAs::Status);
    let GithubIdentity::Token(source) = github.identity else { panic!("a token") };
    assert_eq!(source, SecretSource::Variable("TOKEN".to_owned()));
}

#[test]
fn every_section_tells_its_error() {
    insta::assert_snapshot!(errors(
        r#"[repo]
url = "https://robin:hunter2@github.com/acme/config.git"
branch = "a..b"
environments = "../elsewhere"
poll = "0s"

[github]
token_file = "a"
token_env = "B"
report = "check_run"

[drift]
schedule = "whenever"

[agent]
concurrency = 0
nmae = "depot"

[lease]
heartbeat_ms = 20000

[server]
listen = "everywhere"
public_url = "https://robin:hunter2@pointsman.example.com/"

[notify]
slack = "x"

[gihtub]
"#
    ));
}

#[test]
fn a_server_is_local_unless_it_is_said_otherwise() {
    let read = |server: &str| {
        let text = format!("[repo]\nurl = \"/srv/config.git\"\n{server}");
        read(Path::new("pointsman.toml"), &text).map(|config| config.server)
    };
    assert_eq!(read("").unwrap(), super::Server::default());
    for (written, meant) in [
        ("8080", "127.0.0.1:8080"),
        ("localhost:8080", "127.0.0.1:8080"),
        ("[::1]:8080", "[::1]:8080"),
        ("0.0.0.0:80", "0.0.0.0:80"),
    ] {
        let server = read(&format!("[server]\nlisten = \"{written}\"\n")).unwrap();
        assert_eq!(server.listen.map(|address| address.to_string()).as_deref(), Some(meant));
    }
    let server = read("[server]\npublic_url = \"https://Ops.example.com:8443/pointsman/\"\n").unwrap();
    let url = server.public_url.unwrap();
    assert_eq!(
        (url.base(), url.host(), url.path()),
        ("https://Ops.example.com:8443/pointsman", "ops.example.com", "/pointsman")
    );
    insta::assert_snapshot!(errors(
        "[repo]\nurl = \"/srv/x\"\n[server]\nlisten = \"example.com:80\"\npublic_url = \"ftp://a/b?c\"\nport = 80\n"
    ));
    insta::assert_snapshot!(errors(
        "[repo]\nurl = \"/srv/x\"\n[server]\nlisten = \"example.com:80\"\npublic_url = \"https://a/b?c\"\n"
    ));
}

#[test]
fn the_secret_of_webhooks_has_one_place() {
    let github = |more: &str| {
        format!(
            "[repo]\nurl = \"/srv/x\"\n[github]\nrepository = \"acme/config\"\ntoken_env = \"TOKEN\"\n{more}"
        )
    };
    let text = github("webhook_secret_file = \"webhook\"\n");
    let config = read(Path::new("/etc/pointsman.toml"), &text).unwrap();
    let secret = config.github.unwrap().webhook_secret.unwrap();
    assert_eq!(secret, SecretSource::File("/etc/webhook".into()));
    insta::assert_snapshot!(errors(&github("webhook_secret_file = \"a\"\nwebhook_secret_env = \"B\"\n")));
}

#[test]
fn the_password_in_an_address_is_not_repeated() {
    let text = errors("[repo]\nurl = \"https://robin:hunter2@github.com/acme/config.git\"\n");
    assert!(text.contains("pointsman.toml:2:7") && !text.contains("hunter2"), "{text}");
}

#[test]
fn broken_toml_and_wrong_types_are_placed() {
    insta::assert_snapshot!(errors("[repo]\nurl = https://example.com\n[agent\n"));
    insta::assert_snapshot!(errors(
        "[repo]\nurl = 5\npoll = \"a minute\"\n[agent]\nconcurrency = \"four\"\n"
    ));
    insta::assert_snapshot!(errors("[agent]\nname = \"a b\"\n"));
    insta::assert_snapshot!(errors("[repo]\nurl = \"/srv/x\"\n[github]\napp_id = 5\n"));
}

#[test]
fn an_absent_file_says_what_to_write() {
    let errors = super::load(Path::new("/nonexistent/pointsman.toml")).expect_err("no such file");
    let text = errors.iter().map(ToString::to_string).collect::<String>();
    assert!(text.contains("cannot be read") && text.contains("--config"), "{text}");
}

#[test]
fn secrets_are_read_when_needed_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let source = SecretSource::File(path.clone());
    assert!(source.read().unwrap_err().to_string().contains("token"));
    std::fs::write(&path, " \n").unwrap();
    assert!(source.read().unwrap_err().to_string().contains("it is empty"));
    std::fs::write(&path, "ghp_canary\n").unwrap();
    let secret = source.read().unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&secret), "ghp_canary");
    assert!(!format!("{secret:?} {source:?}").contains("canary"));
}

#[test]
fn what_is_required_is_read_as_in_the_config_repo() {
    let text = "[repo]\nurl = \"/x\"\n[requirements.production]\napprovers = [\"alice\"]\n";
    let config = read(Path::new("pointsman.toml"), text).unwrap();
    assert_eq!(config.requirements["production"].approvals, 1);
    assert!(read(Path::new("pointsman.toml"), "[repo]\nurl = \"/x\"\n").unwrap().requirements.is_empty());
    let wrong = "[repo]\nurl = \"/x\"\n[requirements.production]\napprovals = 7\n[requirements.staging]\naprovals = 1\n";
    insta::assert_snapshot!(errors(wrong), @r"
    pointsman.toml:4:13: [requirements.production] `approvals` is out of range
      help: write a number from 0 to 6
    pointsman.toml:6:1: [requirements.staging] there is no key `aprovals`
      help: did you mean `approvals`?
    ");
}
