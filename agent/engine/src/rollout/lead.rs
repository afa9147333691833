//! Leads people elsewhere by the application in Microsoft Entra: asks where it
//! leads, records that, writes, and reads back.
//!
//! It is done once in a phase, and needs no journal: what stood is in the state
//! before anything is written, and whoever goes on after a crash asks first.

use std::time::Duration;

use pointsman_core::rollout::{
    Entry, Leads, Led, Move, Obstacle, Old, Phase, Rollout, Way, entry, moves, outside,
};
use tokio::time::{Instant, sleep, timeout_at};

use super::{Drive, now_ms};
use crate::{Failure, lease::lease_error, ports::NotLed};

/// It is written so often at most, and looked at after such a pause each time.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(9)];
/// All of it together.
const WITHIN: Duration = Duration::from_secs(120);
/// Where it leads is asked for so long at each look.
const LOOK: Duration = Duration::from_secs(10);

/// Why something was not waited for until its end.
enum Cut {
    /// The agent is to stop.
    Stopped,
    /// Its time is over.
    Late,
}

impl Drive<'_> {
    /// Leads people where the phase wants them. What cannot be done is recorded,
    /// and a person is asked to. Whether it came to its end: nothing is recorded
    /// where the agent is to stop, or a person wants it back.
    pub(super) async fn lead(&self, service: &str, rollout: &Rollout) -> Result<bool, Failure> {
        let old = rollout.snapshot.old.as_ref().filter(|old| rollout.led.is_none() && old.way == Way::Graph);
        let Some(old) = old else { return Ok(true) };
        let led = match (rollout.phase, outside(rollout).leads) {
            (_, Some(wanted)) => self.led(service, old, wanted).await?,
            (Phase::Gate, None) => self.ready(service, old).await?,
            (Phase::Switch | Phase::SwitchBack, None) => Some(Led::ByHand(Obstacle::Unapproved)),
            (_, None) => return Ok(true),
        };
        let Some(led) = led else { return Ok(false) };
        self.change(service, |track| track.led(led)).await?;
        Ok(true)
    }

    /// Looks where the application leads, while that is watched; nothing is written.
    /// None where it does not answer.
    pub(super) async fn see_entry(
        &self,
        service: &str,
        rollout: &Rollout,
    ) -> Result<(Rollout, Option<Entry>), Failure> {
        let old = rollout.snapshot.old.as_ref().filter(|old| old.way == Way::Graph);
        let Some(old) = old.filter(|_| rollout.watches_entry()) else {
            return Ok((rollout.clone(), None));
        };
        let asked = self.within(Instant::now() + LOOK, self.run.proxy.internal_url(application(old))).await;
        let Ok(Ok(found)) = asked else { return Ok((rollout.clone(), None)) };
        let seen = entry(old, &found);
        let Some(mut track) = self.keeper.state().await.tracks.get(service).cloned() else {
            return Ok((rollout.clone(), Some(seen)));
        };
        let before = track.open.clone();
        track.saw_entry(seen, &found);
        if track.open != before {
            self.change(service, |track| track.saw_entry(seen, &found)).await?;
        }
        Ok((track.open.unwrap_or_else(|| rollout.clone()), Some(seen)))
    }

    /// Whether it could be led, so that people know before they agree.
    async fn ready(&self, service: &str, old: &Old) -> Result<Option<Led>, Failure> {
        let asked = self.within(Instant::now() + WITHIN, self.run.proxy.internal_url(application(old))).await;
        let found = match asked {
            Ok(Ok(found)) => found,
            Ok(Err(why)) => return Ok(Some(Led::ByHand(why))),
            Err(Cut::Late) => return Ok(Some(Led::ByHand(late()))),
            Err(Cut::Stopped) => return Ok(None),
        };
        Ok(Some(match moves(old, Leads::ToBalancer, &found) {
            Move::Nothing => Led::There,
            Move::Write(_) => {
                self.change(service, |track| track.found_internal_url(&found)).await?;
                Led::Ready
            }
            Move::Leave(why) => Led::ByHand(why),
        }))
    }

    /// Writes while it leads where it did before, and looks after each write: an
    /// answer may be lost and the change done, or the change be seen only later.
    /// What it answers without a write of this run's is asked twice.
    async fn led(&self, service: &str, old: &Old, wanted: Leads) -> Result<Option<Led>, Failure> {
        let until = Instant::now() + WITHIN;
        let mut pauses = PAUSES.into_iter();
        let (mut wrote, mut is_sure) = (false, false);
        let mut came = late();
        loop {
            let next = match self.within(until, self.run.proxy.internal_url(application(old))).await {
                Ok(Ok(found)) => (moves(old, wanted, &found), found),
                Ok(Err(why)) => (Move::Leave(why), String::new()),
                Err(Cut::Late) => return Ok(Some(Led::ByHand(came))),
                Err(Cut::Stopped) => return Ok(None),
            };
            match &next.0 {
                Move::Nothing if is_sure => return Ok(Some(Led::There)),
                Move::Leave(why) if !wrote => return Ok(Some(Led::ByHand(why.clone()))),
                Move::Nothing | Move::Leave(_) | Move::Write(_) => {}
            }
            let Some(mut pause) = pauses.next() else { return Ok(Some(Led::ByHand(came))) };
            match next {
                (Move::Nothing, _) => is_sure = true,
                // Its own write stands between this answer and the one before.
                (Move::Leave(why), _) => came = why,
                (Move::Write(url), found) => {
                    let Some(may) = self.may_lead(service, wanted).await? else { return Ok(None) };
                    if !may {
                        return Ok(Some(Led::ByHand(Obstacle::Unapproved)));
                    }
                    if wanted == Leads::ToBalancer {
                        self.change(service, |track| track.found_internal_url(&found)).await?;
                    }
                    (wrote, is_sure) = (true, true);
                    match self.run.proxy.set_internal_url(self.proof, application(old), &url).await {
                        Ok(()) => came = Obstacle::NotKept { found },
                        Err(NotLed::Again { why, after }) => {
                            came = why;
                            pause = pause.max(after.unwrap_or_default());
                        }
                        Err(NotLed::Obstacle(why)) => return Ok(Some(Led::ByHand(why))),
                        Err(NotLed::LeaseLost(lost)) => {
                            return Err(lease_error(self.run.ports.locks.lock_id(), &lost).into());
                        }
                    }
                }
            }
            match self.within(until, sleep(pause)).await {
                Ok(()) => {}
                Err(Cut::Late) => return Ok(Some(Led::ByHand(came))),
                Err(Cut::Stopped) => return Ok(None),
            }
        }
    }

    /// Whether people agreed that it is led there, right before it is; none where
    /// a person wants the way forward back by now.
    async fn may_lead(&self, service: &str, wanted: Leads) -> Result<Option<bool>, Failure> {
        let open = self.keeper.state().await.tracks.get(service).and_then(|track| track.open.clone());
        let Some(open) = open else { return Ok(None) };
        let rollout = self.heard(service, &open).await?;
        let is_unwanted = wanted == Leads::ToBalancer && rollout.abort.is_some();
        Ok((!is_unwanted).then(|| rollout.may_lead(wanted, now_ms())))
    }

    /// What something comes to, where that is in time and the agent is not to stop.
    async fn within<T>(&self, until: Instant, what: impl Future<Output = T>) -> Result<T, Cut> {
        tokio::select! {
            () = self.run.stop.asked() => Err(Cut::Stopped),
            came = timeout_at(until, what) => came.map_err(|_| Cut::Late),
        }
    }
}

/// Its time was over before anything was answered.
fn late() -> Obstacle {
    Obstacle::Unanswered { why: format!("nothing came within {} s", WITHIN.as_secs()) }
}

/// The application's Object ID; the file's check saw to it that there is one.
fn application(old: &Old) -> &str {
    old.application.as_deref().unwrap_or_default()
}
