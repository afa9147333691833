use pointsman_core::{
    hash::canonical_hash,
    journal::{Intent, Part},
    lease::StateMark,
    plan::{Action, Change},
    resource::{Desired, Link, Observed},
};

use super::{Site, Undone};

/// Makes, changes or records an object, and waits until it can be worked with.
/// A service whose first task starts alone gets the others after that.
pub(super) async fn make(site: &Site<'_>, change: &Change) -> Result<(), Undone> {
    let Some(desired) = &change.desired else {
        return Err(Undone::fault("the plan does not say what it should be"));
    };
    let desired = resolved(site, desired)?;
    let fields: Vec<String> = change.fields.iter().map(|field| field.field.clone()).collect();
    let is_made = change.action.makes();
    let act = Act { change, action: change.action, observed: change.observed.as_ref(), fields };
    if let (Action::Adopt, Some(observed)) = (change.action, &change.observed) {
        record(site, change, &desired, observed).await?;
        return settle(site, change, &desired).await;
    }
    let Some((alone, together)) = desired.alone(is_made) else {
        return act.done(site, &desired).await;
    };
    let grows = |field: &String| field == COUNT;
    let first = Act { fields: act.fields.iter().filter(|it| !grows(it)).cloned().collect(), ..act };
    if is_made || !first.fields.is_empty() {
        first.done(site, &alone).await?;
    } else {
        settle(site, change, &alone).await?;
    }
    let Some(object) = site.live(&desired.address) else {
        return Err(Undone::fault("what was made is not known"));
    };
    let fields = vec![COUNT.to_owned()];
    Act { change, action: Action::Update, observed: Some(&object), fields }.done(site, &together).await
}

/// The field that gives a service its other tasks.
const COUNT: &str = "count";

/// A write of a change: a change has one, or two where its first task starts alone.
struct Act<'a> {
    change: &'a Change,
    action: Action,
    observed: Option<&'a Observed>,
    fields: Vec<String>,
}

impl Act<'_> {
    /// Announces it, does it, records what came of it, and waits.
    async fn done(&self, site: &Site<'_>, desired: &Desired) -> Result<(), Undone> {
        let intent = Intent {
            address: desired.address.clone(),
            action: self.action,
            part: Part::Make,
            desired: desired.clone(),
            id: self.observed.map(|observed| observed.id.clone()),
            dependencies: self.change.dependencies.clone(),
        };
        site.announced(intent, async {
            let object = self.write(site, desired).await?;
            // Known before it is ready: what dies while AWS works is found again.
            let state = record(site, self.change, desired, &object).await?;
            Ok((Some(object.id), state))
        })
        .await?;
        settle(site, self.change, desired).await
    }

    /// The write itself.
    async fn write(&self, site: &Site<'_>, desired: &Desired) -> Result<Observed, Undone> {
        let token = token(site, desired).await?;
        match (self.action, self.observed) {
            (Action::Update | Action::Rollout, Some(observed)) => {
                site.written(site.writer.update(observed, desired, &self.fields, &token)).await
            }
            (Action::Create | Action::Replace, _) => site.written(site.writer.create(desired, &token)).await,
            (Action::Update | Action::Rollout | Action::Adopt, None)
            | (Action::Adopt | Action::Delete, _) => {
                Err(Undone::fault("the plan does not say what stands there"))
            }
        }
    }
}

/// Waits until it can be worked with, and records what is known only then.
async fn settle(site: &Site<'_>, change: &Change, desired: &Desired) -> Result<(), Undone> {
    let Some(object) = site.live(&desired.address) else {
        return Err(Undone::fault("what was made is not known"));
    };
    let settled = site.settled_anew(&desired.address, &object).await?;
    if settled.id != object.id || settled.attributes != object.attributes {
        site.keeper.change(|state| state.record(desired, &settled, &change.dependencies)).await?;
    }
    site.stands(&desired.address, settled);
    Ok(())
}

/// Puts the values of what stands in place of the names.
fn resolved(site: &Site<'_>, desired: &Desired) -> Result<Desired, Undone> {
    let mut desired = desired.clone();
    for link in desired.resource.spec_mut().links_mut() {
        if let Link::To { address, attribute } = link {
            let value =
                site.live(address).and_then(|object| object.attribute(attribute).map(ToOwned::to_owned));
            match value {
                Some(value) => *link = Link::Known(value),
                None => {
                    return Err(Undone::fault(format!(
                        "{address} has no {attribute} yet; run it again when it stands"
                    )));
                }
            }
        }
    }
    Ok(desired)
}

/// Identifies the act of making this object this way, so that a repeated act
/// finds what the first one made.
async fn token(site: &Site<'_>, desired: &Desired) -> Result<String, Undone> {
    let lineage = site.keeper.state().await.lineage;
    canonical_hash(&(lineage, desired))
        .map(|hash| hash[..32].to_owned())
        .map_err(|error| Undone::fault(error.to_string()))
}

async fn record(
    site: &Site<'_>,
    change: &Change,
    desired: &Desired,
    object: &Observed,
) -> Result<StateMark, Undone> {
    let mark = site
        .keeper
        .change(|state| {
            if change.action == Action::Replace
                && state.objects.get(&desired.address).is_some_and(|old| old.id != object.id)
            {
                state.retire(&desired.address);
            }
            state.record(desired, object, &change.dependencies)
        })
        .await?;
    site.stands(&desired.address, object.clone());
    Ok(mark)
}
