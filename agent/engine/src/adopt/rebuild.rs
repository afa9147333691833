use std::collections::BTreeMap;

use pointsman_core::{
    report::adoption::SidesFound,
    resource::Text,
    state::{LastRun, State},
};

use super::{remains::Deployed, sides::tracks_of, survey::Record};
use crate::deploy::known_outputs;

/// Makes the state anew from what stands. The lineage stays where it is known;
/// what was deployed is what the journal says, or else the old state.
pub(super) fn rebuild(
    state: &mut State,
    records: Vec<Record>,
    outputs: &BTreeMap<String, Text>,
    sides: &[SidesFound],
    deployed: Option<Deployed>,
    last_run: LastRun,
) -> Result<(), serde_json::Error> {
    state.objects.clear();
    for Record { desired, live, dependencies } in records {
        state.record(&desired, &live, &dependencies)?;
    }
    state.outputs = known_outputs(outputs, state);
    state.tracks = tracks_of(sides);
    if let Some(Deployed { commit, at }) = deployed {
        state.deployed_commit = commit;
        state.deployed_at = Some(at);
    } else if !state.tracks.is_empty() {
        // People are served, however long ago that began: a release must not replace their tasks in place.
        state.deployed_at.get_or_insert_with(|| last_run.ended_at.clone());
    }
    state.last_run = Some(last_run);
    Ok(())
}
