use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use pointsman_core::rollout::Obstacle;
use pointsman_engine::ports::{NotLed, Proxy};
use pointsman_tests::entra::{APPLICATION, CLIENT, Entra as StandIn, Fault, SECRET, TENANT};

use super::{Entra, settings::Settings};

const FROM: &str = "http://webui3.webui.local:8080/";
const TO: &str = "http://internal-shop.elb.amazonaws.com";

/// The variables that lead to a stand-in; a token of another provider instead of the secret.
fn variables(stand_in: &StandIn, token: &std::path::Path) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("AZURE_TENANT_ID", TENANT.to_owned()),
        ("AZURE_CLIENT_ID", CLIENT.to_owned()),
        ("AZURE_FEDERATED_TOKEN_FILE", token.display().to_string()),
        ("AZURE_AUTHORITY_HOST", stand_in.address().to_owned()),
        ("POINTSMAN_GRAPH_ENDPOINT", stand_in.address().to_owned()),
    ])
}

struct Case {
    stand_in: StandIn,
    entra: Entra,
    _token: tempfile::NamedTempFile,
}

/// The agent's client and a stand-in that publishes an application.
fn case() -> Case {
    let stand_in = StandIn::publishing(FROM);
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "eyJhbGciOiJSUzI1NiJ9.canary-assertion\n").unwrap();
    let variables = variables(&stand_in, token.path());
    let settings = Settings::read(|name| variables.get(name).cloned());
    Case { stand_in, entra: Entra::of(settings, Duration::from_secs(5)), _token: token }
}

#[tokio::test]
async fn it_is_read_set_and_read_back_with_one_sign_in() {
    let Case { stand_in, entra, _token } = case();
    assert_eq!(entra.internal_url(APPLICATION).await.as_deref(), Ok(FROM));
    assert_eq!(entra.set(None, APPLICATION, TO).await, Ok(()));
    assert_eq!(entra.internal_url(APPLICATION).await.unwrap(), format!("{TO}/"));
    assert_eq!(stand_in.writes(), [TO]);
    assert_eq!(stand_in.requests(), ["POST 200", "GET 200", "PATCH 204", "GET 200"]);
    assert_eq!(stand_in.violations(), [""; 0]);
}

#[tokio::test]
async fn refusals_are_told_apart_and_quote_nothing() {
    let Case { stand_in, entra, _token } = case();
    stand_in.fail(Fault::SignIn);
    let refused = entra.internal_url(APPLICATION).await.unwrap_err();
    let code = "invalid_client AADSTS7000215".to_owned();
    assert_eq!(refused, Obstacle::SignIn { status: 401, code });
    assert!(entra.internal_url(APPLICATION).await.is_ok());
    stand_in.permit(false);
    let refused = entra.set(None, APPLICATION, TO).await;
    let code = "Authorization_RequestDenied".to_owned();
    assert_eq!(refused, Err(NotLed::Obstacle(Obstacle::Refused { status: 403, code })));
    assert_eq!(entra.internal_url(CLIENT).await, Err(Obstacle::NotFound));
    assert_eq!(stand_in.writes(), [""; 0]);
    assert!(!format!("{entra:?}").contains("canary"), "{entra:?}");
}

#[tokio::test]
async fn a_token_that_ended_is_renewed_once() {
    let Case { stand_in, entra, _token } = case();
    assert!(entra.internal_url(APPLICATION).await.is_ok());
    stand_in.fail(Fault::Expired);
    assert!(entra.internal_url(APPLICATION).await.is_ok());
    assert_eq!(stand_in.requests(), ["POST 200", "GET 200", "GET 401", "POST 200", "GET 200"]);
    stand_in.fail(Fault::Expired);
    stand_in.fail(Fault::Expired);
    let refused = entra.internal_url(APPLICATION).await.unwrap_err();
    assert_eq!(refused, Obstacle::Refused { status: 401, code: "InvalidAuthenticationToken".to_owned() });
}

#[tokio::test]
async fn it_waits_as_it_is_told_and_not_for_ever() {
    let Case { stand_in, entra, _token } = case();
    stand_in.fail(Fault::Throttled(Duration::from_secs(1)));
    stand_in.fail(Fault::Unavailable);
    assert!(entra.internal_url(APPLICATION).await.is_ok());
    assert_eq!(stand_in.requests(), ["POST 200", "GET 429", "GET 503", "GET 200"]);
    stand_in.fail(Fault::Throttled(Duration::ZERO));
    let began = Instant::now();
    assert!(entra.internal_url(APPLICATION).await.is_ok());
    assert!(
        began.elapsed() >= Duration::from_secs(1),
        "no silence that is asked for is shorter than its own"
    );
    stand_in.fail(Fault::Throttled(Duration::from_secs(300)));
    let why = "it answered 429, and wants 300 s of silence".to_owned();
    assert_eq!(entra.internal_url(APPLICATION).await, Err(Obstacle::Unanswered { why }));
    // Longer than a clock can tell.
    stand_in.fail(Fault::Throttled(Duration::from_secs(u64::MAX)));
    assert!(matches!(entra.internal_url(APPLICATION).await, Err(Obstacle::Unanswered { .. })));
}

#[tokio::test]
async fn a_write_that_was_turned_away_is_not_sent_again_before_a_look() {
    let Case { stand_in, entra, _token } = case();
    let unasked = entra.set(None, APPLICATION, TO).await;
    assert!(matches!(unasked, Err(NotLed::Again { .. })), "{unasked:?}");
    for (fault, status, silence) in [
        (Fault::Throttled(Duration::from_secs(7)), "PATCH 429", Some(Duration::from_secs(7))),
        (Fault::Unavailable, "PATCH 503", None),
        (Fault::Expired, "PATCH 401", None),
    ] {
        assert!(entra.internal_url(APPLICATION).await.is_ok());
        stand_in.fail(fault);
        let turned_away = entra.set(None, APPLICATION, TO).await;
        let Err(NotLed::Again { after, .. }) = turned_away else { panic!("{turned_away:?}") };
        assert_eq!(after, silence);
        assert_eq!(stand_in.requests().last().map(String::as_str), Some(status));
    }
    assert_eq!(stand_in.writes(), [""; 0]);
    // With another token, as it is asked for by asking.
    assert!(entra.internal_url(APPLICATION).await.is_ok());
    assert_eq!(entra.set(None, APPLICATION, TO).await, Ok(()));
    assert_eq!(stand_in.violations(), [""; 0]);
}

#[tokio::test]
async fn what_may_have_been_done_is_not_sent_again() {
    let Case { stand_in, entra, _token } = case();
    assert!(entra.internal_url(APPLICATION).await.is_ok());
    stand_in.fail(Fault::LostReply);
    let lost = entra.set(None, APPLICATION, TO).await;
    assert!(matches!(lost, Err(NotLed::Again { why: Obstacle::Unanswered { .. }, .. })), "{lost:?}");
    assert_eq!(stand_in.writes(), [TO]);
    assert_eq!(stand_in.internal_url(), format!("{TO}/"));
}

#[tokio::test]
async fn what_is_not_listed_is_not_asked_about() {
    let Case { stand_in, entra, _token } = case();
    let entra = entra.only(vec![CLIENT.to_owned()]);
    assert_eq!(entra.internal_url(APPLICATION).await, Err(Obstacle::Unlisted));
    let refused = entra.set(None, APPLICATION, TO).await;
    assert_eq!(refused, Err(NotLed::Obstacle(Obstacle::Unlisted)));
    assert_eq!(stand_in.requests(), [""; 0]);
    let entra = entra.only(vec![APPLICATION.to_uppercase()]);
    assert!(entra.internal_url(APPLICATION).await.is_ok());
}

#[tokio::test]
async fn nobody_there_is_said_within_a_bound() {
    let Case { stand_in, entra, _token } = case();
    assert!(entra.internal_url(APPLICATION).await.is_ok());
    drop(stand_in);
    let why = entra.internal_url(APPLICATION).await.unwrap_err();
    assert!(matches!(why, Obstacle::Unanswered { .. }), "{why:?}");
}

#[test]
fn settings_say_what_lacks() {
    let all = [
        ("AZURE_TENANT_ID", "contoso.onmicrosoft.com"),
        ("AZURE_CLIENT_ID", CLIENT),
        ("AZURE_CLIENT_SECRET", SECRET),
    ];
    let read = |more: &[(&str, &str)]| {
        let set: BTreeMap<&str, &str> = all.iter().chain(more).copied().collect();
        Settings::read(|name| set.get(name).map(|it| (*it).to_owned()))
    };
    let good = read(&[]).unwrap();
    assert_eq!(
        (good.authority.host.as_str(), good.graph.host.as_str()),
        ("login.microsoftonline.com", "graph.microsoft.com")
    );
    assert!(good.authority.is_tls && good.graph.is_tls);
    assert!(!format!("{good:?}").contains(SECRET), "{good:?}");
    for (authority, endpoint, scope) in [
        ("https://login.microsoftonline.us/", "", "https://graph.microsoft.us/.default"),
        (
            "https://login.microsoftonline.us",
            "https://dod-graph.microsoft.us",
            "https://dod-graph.microsoft.us/.default",
        ),
        ("https://login.partner.microsoftonline.cn", "", "https://microsoftgraph.chinacloudapi.cn/.default"),
        ("", "https://graph.proxy.example.com:8443", "https://graph.microsoft.com/.default"),
    ] {
        let read = read(&[("AZURE_AUTHORITY_HOST", authority), ("POINTSMAN_GRAPH_ENDPOINT", endpoint)]);
        assert_eq!(read.unwrap().scope, scope, "{authority} {endpoint}");
    }
    for (name, value, why) in [
        ("AZURE_TENANT_ID", "", "AZURE_TENANT_ID is not set"),
        ("AZURE_TENANT_ID", "a/../b", "AZURE_TENANT_ID is no ID"),
        ("AZURE_CLIENT_SECRET", " ", "neither AZURE_CLIENT_SECRET nor AZURE_FEDERATED_TOKEN_FILE is set"),
        (
            "AZURE_AUTHORITY_HOST",
            "http://login.microsoftonline.com",
            "AZURE_AUTHORITY_HOST does not begin with https://",
        ),
        (
            "AZURE_AUTHORITY_HOST",
            "http://127.0.0.1.example.com",
            "AZURE_AUTHORITY_HOST does not begin with https://",
        ),
        (
            "AZURE_AUTHORITY_HOST",
            "login.microsoftonline.com",
            "AZURE_AUTHORITY_HOST does not begin with https://",
        ),
        (
            "POINTSMAN_GRAPH_ENDPOINT",
            "https://me:pw@graph.example.com",
            "POINTSMAN_GRAPH_ENDPOINT is not only a scheme and a host",
        ),
        (
            "POINTSMAN_GRAPH_ENDPOINT",
            "https://graph.example.com/v1.0",
            "POINTSMAN_GRAPH_ENDPOINT is not only a scheme and a host",
        ),
    ] {
        let what = why.to_owned();
        assert_eq!(read(&[(name, value)]).unwrap_err(), Obstacle::Unconfigured { what }, "{name}={value}");
    }
    for here in ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080"] {
        assert!(!read(&[("AZURE_AUTHORITY_HOST", here)]).unwrap().authority.is_tls, "{here}");
    }
}
