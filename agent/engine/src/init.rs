use pointsman_core::{
    environment::Environment,
    preflight::{Finding, Initialised, Problem, Weight, Work, backend, identity, work},
};

use crate::ports::Ports;

/// What `init` may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Founding {
    /// Only look.
    Look,
    /// Make what is missing.
    Make,
}

/// Looks at everything that state and lock stand on and, where it is asked to,
/// makes what is missing. Started again at any moment, also by several at
/// once, it comes to the same.
pub async fn init(ports: &Ports, environment: &Environment, founding: Founding) -> Initialised {
    let (who, mut ground) = futures::join!(ports.cloud.identity(), ports.foundation.look());
    let stranger = identity(environment, &who);
    let mut made = Vec::new();
    let mut refused = Vec::new();
    if founding == Founding::Make && stranger.is_none() {
        let mut has_bucket = true;
        for work in work(&ground) {
            if is_of_bucket(work) && !has_bucket {
                continue;
            }
            match ports.foundation.make(work).await {
                Ok(()) => made.push(work),
                Err(error) => {
                    has_bucket = has_bucket && work != Work::MakeBucket;
                    refused.push((work, error));
                }
            }
        }
        ground = ports.foundation.look().await;
    }
    let mut findings: Vec<Finding> = stranger.into_iter().collect();
    findings.extend(refused.into_iter().map(|(work, error)| {
        let about = if is_of_bucket(work) { "state.bucket" } else { "state" };
        Finding {
            about: about.to_owned(),
            weight: Weight::Error,
            place: environment.place_of(about).cloned(),
            problem: Problem::NotMade { error: Box::new(error) },
        }
    }));
    findings.extend(backend(environment, &ground));
    Initialised { identity: who, backend: ground, made, findings }
}

fn is_of_bucket(work: Work) -> bool {
    match work {
        Work::MakeBucket | Work::Version | Work::Encrypt | Work::BlockPublic | Work::EnforceOwner => true,
        Work::MakeLockTable | Work::MakeRunTable | Work::Expire => false,
    }
}
