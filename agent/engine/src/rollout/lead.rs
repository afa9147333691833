//! Leads people elsewhere by the application in Microsoft Entra: asks where it
//! leads, records that, writes, and reads back.
//!
//! It is done once in a phase, and needs no journal: what stood is in the state
//! before anything is written, and whoever goes on after a crash asks first.

use std::time::Duration;

use pointsman_core::rollout::{Leads, Led, Move, Obstacle, Old, Phase, Rollout, Way, moves, outside};

use super::Drive;
use crate::{
    Failure,
    ports::{CloudError, CloudErrorKind, NotLed},
};

/// It is written so often at most, and looked at after such a pause each time.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(9)];

impl Drive<'_> {
    /// Leads people where the phase wants them. What cannot be done is recorded,
    /// and a person is asked to.
    pub(super) async fn lead(&self, service: &str, rollout: &Rollout) -> Result<(), Failure> {
        let old = rollout.snapshot.old.as_ref().filter(|old| rollout.led.is_none() && old.way == Way::Graph);
        let Some(old) = old else { return Ok(()) };
        let led = match (rollout.phase, outside(rollout).leads) {
            (_, Some(wanted)) => self.led(service, old, wanted).await?,
            (Phase::Gate, None) => self.ready(service, old).await?,
            (_, None) => return Ok(()),
        };
        self.change(service, |track| track.led(led)).await
    }

    /// Whether it could be led, so that people know before they agree.
    async fn ready(&self, service: &str, old: &Old) -> Result<Led, Failure> {
        let found = match self.run.proxy.internal_url(application(old)).await {
            Ok(found) => found,
            Err(why) => return Ok(Led::ByHand(why)),
        };
        match moves(old, Leads::ToBalancer, &found) {
            Move::Nothing => Ok(Led::There),
            Move::Write(_) => {
                self.change(service, |track| track.found_internal_url(&found)).await?;
                Ok(Led::Ready)
            }
            Move::Leave(why) => Ok(Led::ByHand(why)),
        }
    }

    /// Writes while it leads where it did before, and looks after each write: an
    /// answer may be lost and the change done, or the change be seen only later.
    async fn led(&self, service: &str, old: &Old, wanted: Leads) -> Result<Led, Failure> {
        let mut pauses = PAUSES.into_iter();
        let mut came = Obstacle::Unrecorded;
        loop {
            let found = match self.run.proxy.internal_url(application(old)).await {
                Ok(found) => found,
                Err(why) => return Ok(Led::ByHand(why)),
            };
            let url = match moves(old, wanted, &found) {
                Move::Nothing => return Ok(Led::There),
                Move::Leave(why) => return Ok(Led::ByHand(why)),
                Move::Write(url) => url,
            };
            let Some(pause) = pauses.next() else { return Ok(Led::ByHand(came)) };
            if wanted == Leads::ToBalancer {
                self.change(service, |track| track.found_internal_url(&found)).await?;
            }
            came = match self.run.proxy.set_internal_url(self.proof, application(old), &url).await {
                Ok(()) => Obstacle::NotKept { found },
                Err(NotLed::Obstacle(lost @ Obstacle::Unanswered { .. })) => lost,
                Err(NotLed::Obstacle(why)) => return Ok(Led::ByHand(why)),
                Err(NotLed::LeaseLost(lost)) => return Err(lease_lost(old, lost.to_string()).into()),
            };
            tokio::time::sleep(pause).await;
        }
    }
}

/// The application's Object ID; the file's check saw to it that there is one.
fn application(old: &Old) -> &str {
    old.application.as_deref().unwrap_or_default()
}

fn lease_lost(old: &Old, message: String) -> CloudError {
    CloudError {
        kind: CloudErrorKind::LeaseLost,
        operation: "graph:UpdateApplication".to_owned(),
        subject: application(old).to_owned(),
        code: None,
        message,
        request_id: None,
        help: None,
    }
}
