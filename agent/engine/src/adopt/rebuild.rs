use std::collections::BTreeMap;

use pointsman_core::{
    resource::Text,
    state::{LastRun, State},
};

use super::{remains::Deployed, survey::Record};
use crate::deploy::known_outputs;

/// Makes the state anew from what stands. The lineage stays where it is known;
/// what was deployed is what the journal says, or else the old state.
pub(super) fn rebuild(
    state: &mut State,
    records: Vec<Record>,
    outputs: &BTreeMap<String, Text>,
    deployed: Option<Deployed>,
    last_run: LastRun,
) -> Result<(), serde_json::Error> {
    state.objects.clear();
    for Record { desired, live, dependencies } in records {
        state.record(&desired, &live, &dependencies)?;
    }
    state.outputs = known_outputs(outputs, state);
    if let Some(Deployed { commit, at }) = deployed {
        state.deployed_commit = commit;
        state.deployed_at = Some(at);
    }
    state.last_run = Some(last_run);
    Ok(())
}
