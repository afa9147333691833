//! A release that ECS itself carries out: who waits for it hears what people
//! say, and tells ECS to go back.

use std::{sync::Mutex, time::Duration};

use pointsman_core::{
    Address,
    plan::{Action, Change},
    render,
    report::Event,
    resource::{Observed, Readiness, Resource, Service},
    rollout::{EcsRelease, Reason, Said, Word, released_service},
};

use super::{Site, Undone};
use crate::ports::CloudErrorKind;

/// Between two looks at what people said, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const GROWTH: f64 = 1.2;

/// Waits for it as for every other object. One that a person wants back, or
/// that takes too long, goes back: that is the end that is waited for then.
pub(super) async fn settled(
    site: &Site<'_>,
    address: &Address,
    object: &Observed,
    service: &Service,
) -> Result<Observed, Undone> {
    let listener = site.run.listener.as_ref();
    let cloud = &site.run.ports.cloud;
    let why = Mutex::new(None);
    let begun = release(site, released_service(address).as_deref()).await;
    let after = begun.as_ref().and_then(|begun| begun.after.as_deref());
    let waits = async {
        match cloud.settle_release(address, object, service, after, listener).await {
            Err(late) if late.kind == CloudErrorKind::TimedOut => {
                keep(&why, || render::rollout::ecs_was_too_slow(&late.message));
                // Where there is nothing to turn back, waiting on is no use.
                if !site.writer.turn_back(service).await? {
                    return Err(late);
                }
                cloud.settle_release(address, object, service, after, listener).await
            }
            settled => settled,
        }
    };
    let settled = tokio::select! {
        settled = waits => settled,
        () = listens(site, address, service, &why) => return Err(Undone::Stopped),
    };
    let why = why.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    settled.map_err(|error| match (Undone::from(error), why) {
        (Undone::Failed { why, kind }, Some(because)) => {
            Undone::Failed { why: format!("{because} {why}"), kind }
        }
        (undone, _) => undone,
    })
}

/// Before a service is changed: what ECS releases must have ended, however it
/// did; and what it went back with is not begun again by a run of the same
/// commit, which may have been begun anew meanwhile.
pub(super) async fn before_change(site: &Site<'_>, change: &Change) -> Result<(), Undone> {
    let Some((object, service)) = change.observed.as_ref().and_then(|object| Some((object, of(object)?)))
    else {
        return Ok(());
    };
    if matches!(object.readiness, Readiness::Pending(_)) {
        match site.settled(&change.address, object).await {
            Ok(_) | Err(Undone::Failed { kind: Some(CloudErrorKind::Failed), .. }) => {}
            Err(undone) => return Err(undone),
        }
    }
    let Some(begun) = release(site, released_service(&change.address).as_deref()).await else {
        return Ok(());
    };
    match site.run.ports.cloud.went_back(service, &begun).await? {
        Some(why) if change.action == Action::Rollout && Some(&begun.commit) == site.run.commit.as_ref() => {
            let why = render::rollout::ecs_went_back(&why);
            Err(Undone::Failed { why, kind: Some(CloudErrorKind::Failed) })
        }
        _ => Ok(()),
    }
}

/// Tells ECS to go back once somebody wants that; never ends.
async fn listens(site: &Site<'_>, address: &Address, service: &Service, why: &Mutex<Option<String>>) {
    let name = released_service(address);
    let mut pause = FIRST_PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        pause = pause.mul_f64(GROWTH).min(LONGEST_PAUSE);
        let Some(release) = release(site, name.as_deref()).await else { continue };
        let said = match aborts(site, &release).await {
            Ok(Some(said)) => said,
            Ok(None) => continue,
            Err(error) => {
                tell(site, address, error);
                continue;
            }
        };
        keep(why, || render::rollout::reason(&Reason::Asked(said)));
        match site.writer.turn_back(service).await {
            // Whoever waits sees it go back.
            Ok(true) => std::future::pending().await,
            // It is not seen yet, or goes back already.
            Ok(false) => {}
            // The next look tries again.
            Err(error) => tell(site, address, error.to_string()),
        }
    }
}

async fn release(site: &Site<'_>, service: Option<&str>) -> Option<EcsRelease> {
    site.keeper.state().await.ecs_releases.get(service?).cloned()
}

/// Who wants it back, the first one.
async fn aborts(site: &Site<'_>, release: &EcsRelease) -> Result<Option<Said>, String> {
    let said = site.run.ports.runs.said(release.opened_at_ms).await.map_err(|error| error.to_string())?;
    Ok(said.into_iter().find(|(word, _)| *word == Word::Abort).map(|(_, said)| said))
}

fn keep(why: &Mutex<Option<String>>, because: impl FnOnce() -> String) {
    let mut why = why.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    why.get_or_insert_with(because);
}

fn tell(site: &Site<'_>, address: &Address, says: String) {
    site.run.listener.tell(&Event::Progress { address: address.clone(), says });
}

/// The service, where ECS itself carries out its releases.
pub(super) fn of(object: &Observed) -> Option<&Service> {
    match &object.resource {
        Resource::Service(service) if service.native.is_some() => Some(service),
        _ => None,
    }
}
