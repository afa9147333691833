use pointsman_core::{
    journal::{Intent, Part},
    plan::{Action, Change},
    resource::Desired,
    state::retired_address,
};

use super::{Site, Undone};

/// Deletes an object, and forgets it.
pub(super) async fn remove(site: &Site<'_>, change: &Change) -> Result<(), Undone> {
    let Some(observed) = &change.observed else {
        return Err(Undone::fault("the plan does not say what to delete"));
    };
    // Where the name is the identity, the new object took the old one's place by itself.
    let taken = site.live(&change.address).is_some_and(|live| live.id == observed.id);
    if change.action == Action::Replace && taken {
        return Ok(());
    }
    let recorded_at = match change.action {
        Action::Replace => retired_address(&change.address, &observed.id),
        _ => change.address.clone(),
    };
    let intent = Intent {
        address: recorded_at.clone(),
        action: change.action,
        part: Part::Remove,
        desired: Desired {
            address: recorded_at.clone(),
            resource: observed.resource.clone(),
            after: Vec::new(),
        },
        id: Some(observed.id.clone()),
        dependencies: Vec::new(),
    };
    site.announced(intent, async {
        let delete = site.writer.delete(&change.address, observed, site.run.listener.as_ref());
        site.written(delete).await?;
        let state = site
            .keeper
            .change(|state| {
                state.objects.remove(&recorded_at);
                Ok(())
            })
            .await?;
        Ok((None, state))
    })
    .await
}
