#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::{net::SocketAddr, os::unix::fs::PermissionsExt, path::Path};

use axum::{Json, Router, routing::post};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{Setup, place};
use crate::web::{hosts::Hosts, serve::serve};

const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----\n";

/// What GitHub answers to a code; to another one it answers 404.
async fn github() -> SocketAddr {
    let app = json!({
        "id": 4242, "slug": "pointsman-depot", "html_url": "https://github.com/apps/pointsman-depot",
        "pem": KEY, "webhook_secret": "canary-secret", "client_secret": "canary-client",
    });
    let router = Router::new().route(
        "/api/v3/app-manifests/c0de/conversions",
        post(async move || (http::StatusCode::CREATED, Json(app))),
    );
    serving(router).await
}

async fn serving(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router));
    at
}

fn setup(github: SocketAddr, folder: &Path, at: &str, more: &str) -> Option<Setup> {
    let text = format!(
        "[repo]\nurl = \"http://{github}/acme/config.git\"\n[agent]\ndata_dir = \"{}\"\n{more}",
        folder.display()
    );
    let config = crate::config::read(Path::new("pointsman.toml"), &text).unwrap();
    Setup::of(&config, at.parse().unwrap(), "depot")
}

async fn get(at: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

fn state_in(page: &str) -> &str {
    page.split("state=").nth(1).unwrap().split('"').next().unwrap()
}

#[tokio::test]
async fn an_app_is_made_and_its_keys_are_shown_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let github = github().await;
    let server = "[server]\npublic_url = \"https://ops.example.com\"\n";
    let setup = setup(github, &data, "127.0.0.1:0", server).unwrap();
    let at = serving(setup.routes(Hosts::default())).await;

    let (status, page) = get(at, "/setup/github?organisation=acme").await;
    assert_eq!(status, 200);
    assert!(page.contains(&format!("action=\"http://{github}/organizations/acme/settings/apps/new?state=")));
    assert!(page.contains(&format!("form-action 'self' http://{github}")), "{page}");
    let manifest = page.split("name=\"manifest\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let manifest: Value = serde_json::from_str(&manifest.replace("&quot;", "\"")).unwrap();
    assert_eq!(manifest["hook_attributes"]["url"], "https://ops.example.com/webhooks/github");
    assert_eq!(manifest["default_permissions"]["contents"], "read");
    assert_eq!(manifest["default_permissions"]["members"], "read");
    assert!(manifest["default_permissions"].get("administration").is_none());

    // Another state, and a second use of it, lead nowhere.
    let state = state_in(&page).to_owned();
    assert_eq!(get(at, "/setup/github/callback?code=c0de&state=forged").await.0, 400);
    assert_eq!(
        get(at, &format!("/setup/github/callback?code=c0de&state={state}")).await.0,
        400,
        "it was used up"
    );
    assert!(!data.exists());

    let (_, page) = get(at, "/setup/github").await;
    let state = state_in(&page).to_owned();
    let (status, page) = get(at, &format!("/setup/github/callback?code=c0de&state={state}")).await;
    assert_eq!(status, 200, "{page}");
    assert!(
        page.contains("app_id = 4242") && page.contains("repository = &quot;acme/config&quot;"),
        "{page}"
    );
    assert!(page.contains(&format!("http://{github}/api/v3")) && !page.contains("canary"), "{page}");
    for (file, content) in [("github-app-4242.pem", KEY), ("github-app-4242.webhook", "canary-secret")] {
        let file = data.join(file);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), content);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let (_, page) = get(at, "/setup/github/installed?installation_id=77").await;
    assert!(page.contains("installation_id = 77") && !page.contains("canary"), "{page}");

    // A code that GitHub does not know, and names that are none.
    let (_, page) = get(at, "/setup/github").await;
    let state = state_in(&page).to_owned();
    let (status, page) = get(at, &format!("/setup/github/callback?code=other&state={state}")).await;
    assert!(status == 400 && page.contains("could not be fetched"), "{page}");
    for path in ["/setup/github?organisation=a%22b", "/setup/github?organisation=a/b"] {
        assert_eq!(get(at, path).await.0, 400);
    }
}

#[tokio::test]
async fn it_is_there_only_where_nobody_else_can_reach_it() {
    let folder = tempfile::tempdir().unwrap();
    let github: SocketAddr = "127.0.0.1:9".parse().unwrap();
    assert!(setup(github, folder.path(), "127.0.0.1:80", "").is_some());
    assert!(setup(github, folder.path(), "[::1]:80", "").is_some());
    assert!(setup(github, folder.path(), "0.0.0.0:80", "").is_none());
    assert!(setup(github, folder.path(), "10.0.0.1:80", "").is_none());
    let configured = "[github]\ntoken_env = \"T\"\n";
    assert!(setup(github, folder.path(), "127.0.0.1:80", configured).is_none());
}

#[test]
fn the_repos_address_says_which_github_is_meant() {
    let of = |url: &str| place(url).map(|(web, name)| format!("{web} {}", name.unwrap_or_default()));
    assert_eq!(of("https://github.com/acme/config.git").as_deref(), Some("https://github.com acme/config"));
    assert_eq!(of("git@github.com:acme/config.git").as_deref(), Some("https://github.com acme/config"));
    assert_eq!(of("https://ghe.acme.example/a/b/").as_deref(), Some("https://ghe.acme.example a/b"));
    assert_eq!(of("https://git.example/a/b/c").as_deref(), Some("https://git.example "));
    assert_eq!(of("/srv/config.git"), None);
}
