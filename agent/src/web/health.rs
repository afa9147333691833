//! For whatever watches the agent: does it live, can it be relied on, what did
//! it do.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{StatusCode, header::CONTENT_TYPE};
use pointsman_core::render::metrics::{Family, Kind, Sample, text};

use crate::{
    daemon::Live,
    metrics::{BOUNDS, Counter, Durations, Metrics},
};

/// What these answers are made of.
#[derive(Debug)]
pub(super) struct Health {
    pub(super) live: Live,
    pub(super) metrics: Arc<Metrics>,
}

impl Health {
    pub(super) fn routes(self) -> Router {
        Router::new()
            .route("/healthz", get(async || "ok\n"))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(Arc::new(self))
    }
}

async fn readyz(State(health): State<Arc<Health>>) -> Response {
    match health.live.unready() {
        None => "ready\n".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response(),
    }
}

async fn metrics(State(health): State<Arc<Health>>) -> Response {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(CONTENT_TYPE, kind)], text(&families(&health.live, &health.metrics))).into_response()
}

fn families(live: &Live, metrics: &Metrics) -> Vec<Family> {
    let Metrics { polls, poll_seconds, deploys, webhooks } = metrics;
    let (environments, drifted) = live.counts();
    let mut families = vec![
        gauge(
            "pointsman_build_info",
            "The version of the agent that runs; always 1.",
            vec![Sample::labelled("version", env!("CARGO_PKG_VERSION"), 1.0)],
        ),
        counter("pointsman_polls_total", "Looks at the config repo, by result.", "result", polls),
        histogram("pointsman_poll_duration_seconds", "How long looks took.", poll_seconds.durations()),
        gauge(
            "pointsman_environments",
            "Environments, by what they count as now.",
            environments.into_iter().map(|(of, many)| Sample::labelled("status", of, float(many))).collect(),
        ),
        gauge(
            "pointsman_environments_drifted",
            "Environments that differed from what was deployed when they were looked at last.",
            vec![Sample::plain(float(drifted))],
        ),
        counter(
            "pointsman_deploys_total",
            "Deploys that came to an end, by what they came to.",
            "result",
            deploys,
        ),
        counter(
            "pointsman_webhooks_total",
            "Deliveries of webhooks, by what was made of them.",
            "result",
            webhooks,
        ),
    ];
    if let Some(before) = live.looked_before() {
        families.push(gauge(
            "pointsman_last_poll_age_seconds",
            "How long ago the config repo was looked at.",
            vec![Sample::plain(seconds(before))],
        ));
    }
    let requests = live.github_requests();
    if !requests.is_empty() {
        let of = |(status, many): (u16, u64)| Sample::labelled("status", status.to_string(), float(many));
        families.push(Family {
            name: "pointsman_github_requests_total",
            help: "Answers of GitHub's API, by status; 304 are conditional requests, which cost nothing.",
            kind: Kind::Counter,
            samples: requests.into_iter().map(of).collect(),
        });
    }
    families
}

fn gauge(name: &'static str, help: &'static str, samples: Vec<Sample>) -> Family {
    Family { name, help, kind: Kind::Gauge, samples }
}

fn counter(
    name: &'static str,
    help: &'static str,
    label: &'static str,
    counter: &Counter<&'static str>,
) -> Family {
    let of = |(of, many): (&str, u64)| Sample::labelled(label, of, float(many));
    Family { name, help, kind: Kind::Counter, samples: counter.counts().into_iter().map(of).collect() }
}

fn histogram(name: &'static str, help: &'static str, durations: Durations) -> Family {
    let Durations { within, count, sum } = durations;
    let bucket = |bound: String, many: u64| Sample {
        suffix: "_bucket",
        labels: vec![("le", bound)],
        value: float(many),
    };
    let mut samples: Vec<Sample> =
        BOUNDS.iter().zip(within).map(|(bound, many)| bucket(bound.to_string(), many)).collect();
    samples.push(bucket("+Inf".to_owned(), count));
    samples.push(Sample { suffix: "_sum", labels: Vec::new(), value: sum });
    samples.push(Sample { suffix: "_count", labels: Vec::new(), value: float(count) });
    Family { name, help, kind: Kind::Histogram, samples }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

/// Exact up to 2⁵³, which nobody counts to.
#[expect(clippy::cast_precision_loss, reason = "Prometheus's numbers are floats")]
fn float(count: u64) -> f64 {
    count as f64
}
