//! Preflight: what would fail half-way, found before the first write. Looking
//! is done here; what it means is judged in core.

use std::collections::BTreeMap;

use futures::future::join_all;
use pointsman_core::{
    desired::{Neighbour, Network, Surroundings, wanted},
    environment::Environment,
    failure::CloudErrorKind,
    preflight::{
        Answer, Answers, Facts, Finding, Problem, Prospect, Subject, Weight, identity, judge, questions,
    },
};

use crate::{
    Failure, Run,
    keeper::load,
    look::{Seen, observe, plan_of},
};

/// Looks at everything that a deploy would need, without a lease and without a
/// write: what `check --live` says. What cannot be found hides nothing else.
pub async fn preflight(run: &Run) -> Result<Vec<Finding>, Failure> {
    let environment = &run.environment;
    let ports = &run.ports;
    let (who, backend, network, externals, loaded) = futures::join!(
        ports.cloud.identity(),
        ports.foundation.look(),
        ports.cloud.network(&environment.file.network),
        every_external(run),
        load(ports, &environment.name),
    );
    let mut facts = Facts {
        identity: who,
        backend,
        network,
        externals,
        conflicts: Vec::new(),
        answers: Answers::default(),
    };
    if let Some(stranger) = identity(environment, &facts.identity) {
        // In another account every other answer is misleading.
        return Ok(vec![stranger]);
    }
    let mut unread = Vec::new();
    let state = match loaded {
        Ok(loaded) => Some(loaded.state),
        Err(failure) => {
            unread.extend(unreadable(environment, &failure));
            None
        }
    };
    let known = state.as_ref().and_then(Option::as_ref);
    let wanted = surroundings(environment, &facts).map(|found| wanted(environment, &found, known));
    let mut plan = None;
    let mut observed = BTreeMap::new();
    if let (Some(wanted), Some(state)) = (&wanted, &state) {
        match observe(run, wanted, state.as_ref()).await {
            Ok(seen) => {
                observed = seen;
                match plan_of(run, wanted.clone(), state.as_ref(), &observed) {
                    Ok(made) => plan = Some(made),
                    Err(Failure::Conflicts(conflicts)) => facts.conflicts = conflicts,
                    Err(failure) => return Err(failure),
                }
            }
            Err(failure) => unread.extend(unreadable(environment, &failure)),
        }
    }
    let prospect =
        wanted.as_ref().map(|wanted| Prospect { wanted, observed: &observed, plan: plan.as_ref() });
    let mut found = answered(run, facts, prospect).await;
    unread.retain(|unread| !found.iter().any(|one| said(one, unread)));
    found.extend(unread);
    Ok(found)
}

/// The same before the first write of a deploy, with what is known already.
pub(crate) async fn before_writing(
    run: &Run,
    surroundings: &Surroundings,
    seen: &Seen,
) -> Result<Vec<Finding>, Failure> {
    let ports = &run.ports;
    let (who, backend, externals) =
        futures::join!(ports.cloud.identity(), ports.foundation.look(), every_external(run));
    let facts = Facts {
        identity: who,
        backend,
        network: Ok(surroundings.network.clone()),
        externals,
        conflicts: Vec::new(),
        answers: Answers::default(),
    };
    let prospect = Prospect { wanted: &seen.wanted, observed: &seen.observed, plan: Some(&seen.plan) };
    let found = answered(run, facts, Some(prospect)).await;
    if found.iter().any(Finding::is_error) { Err(Failure::Unready(found)) } else { Ok(found) }
}

async fn answered(run: &Run, mut facts: Facts, prospect: Option<Prospect<'_>>) -> Vec<Finding> {
    let environment = &run.environment;
    let standing: BTreeMap<String, Neighbour> = facts
        .externals
        .iter()
        .filter_map(|(name, answer)| Some((name.clone(), answer.as_ref().ok()?.clone())))
        .collect();
    let network: Option<&Network> = facts.network.as_ref().ok();
    let asked = questions(environment, network, &standing, prospect.as_ref());
    facts.answers = run.ports.cloud.preflight(&asked).await;
    judge(&Subject { environment, facts: &facts, prospect })
}

async fn every_external(run: &Run) -> BTreeMap<String, Answer<Neighbour>> {
    let asked = run.environment.file.external.iter().map(|(name, external)| async move {
        (name.clone(), run.ports.cloud.external(name, external).await)
    });
    join_all(asked).await.into_iter().collect()
}

/// What the environment stands in, when all of it was found that its objects
/// are made from.
fn surroundings(environment: &Environment, facts: &Facts) -> Option<Surroundings> {
    let network = facts.network.as_ref().ok()?.clone();
    let referred = environment.file.referred_externals();
    let found = referred.keys().map(|name| {
        let answer = facts.externals.get(name)?;
        Some((name.clone(), answer.as_ref().ok()?.clone()))
    });
    Some(Surroundings { network, externals: found.collect::<Option<_>>()? })
}

/// What could not be read, as a finding.
fn unreadable(environment: &Environment, failure: &Failure) -> Option<Finding> {
    let (about, problem) = match failure {
        Failure::Cloud(error) if error.kind == CloudErrorKind::LeaseLost => return None,
        Failure::Cloud(error) => ("state", Problem::Unanswered { error: error.clone() }),
        other => ("state", Problem::NoState { why: other.to_string() }),
    };
    let place = environment.place_of(about).cloned();
    Some(Finding { about: about.to_owned(), weight: Weight::Error, place, problem })
}

/// Whether one finding says already what another says: a bucket that is not
/// there is no state either.
fn said(finding: &Finding, other: &Finding) -> bool {
    let of_bucket = matches!(
        finding.problem,
        Problem::NoBucket { .. }
            | Problem::ForeignBucket { .. }
            | Problem::ClosedBucket { .. }
            | Problem::BucketElsewhere { .. }
    );
    match &other.problem {
        Problem::Unanswered { error } => of_bucket && error.operation.starts_with("s3:"),
        _ => false,
    }
}
