use futures::future::join_all;
use pointsman_core::{
    plan::Plan,
    policy::{Intent, PolicyInput, StateSummary, Verdict},
    report::Judged,
    state::State,
};

use crate::{Failure, Purpose, Run};

/// What policies are given of a plan.
pub(crate) fn input(run: &Run, plan: &Plan, state: Option<&State>) -> Result<PolicyInput, Failure> {
    let environment = &run.environment;
    let now = jiff::Timestamp::now().to_string();
    let mut input = PolicyInput::of_environment(environment.name.as_str(), &environment.document, &now);
    input.plan = serde_json::to_value(plan)?;
    input.state_summary = state.map(|state| StateSummary {
        serial: state.serial,
        commit: state.deployed_commit.clone(),
        resources: state
            .objects
            .iter()
            .map(|(address, recorded)| (address.to_string(), recorded.resource.kind().as_str().to_owned()))
            .collect(),
    });
    input.pull_request = run.pull_request.clone();
    input.actor = Some(run.actor.clone());
    input.intent = match run.purpose {
        Purpose::Deploy | Purpose::GoOn | Purpose::GoBack => Intent::Deploy,
        Purpose::Destroy => Intent::Destroy,
    };
    Ok(input)
}

/// What every set of policies says of a plan. All of them must allow it; what
/// two of them say in the same words is said once.
pub(crate) async fn judge(run: &Run, plan: Plan, state: Option<&State>) -> Result<Judged, Failure> {
    let document = input(run, &plan, state)?.to_document();
    let mut verdict = Verdict::default();
    for said in join_all(run.policies.iter().map(|policies| policies.verdict(&document))).await {
        for finding in said.findings {
            if !verdict.findings.contains(&finding) {
                verdict.findings.push(finding);
            }
        }
        for rule in said.rules {
            if !verdict.rules.contains(&rule) {
                verdict.rules.push(rule);
            }
        }
    }
    Ok(Judged { plan, verdict })
}
