use super::{
    Ended, Ending, Idle, Led, Overlap, Phase, Purpose, Reason, Rollout, Said, Sample, Settings, Snapshot,
    Step, Track, Word,
};

/// Why something is not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// One is open already.
    #[error("a rollout is open already")]
    AlreadyOpen,
    /// None is open.
    #[error("no rollout is open")]
    NothingOpen,
    /// The snapshot is of another side than the live one.
    #[error("the snapshot is of the side that is not live")]
    NotLive,
    /// The other side holds nothing to go back to.
    #[error("the other side holds no release to go back to")]
    NothingIdle,
    /// It is about another plan than the one that is carried out.
    #[error("it is about another plan")]
    OtherPlan,
    /// It has gone too far, or goes back already.
    #[error("it is too late for that")]
    TooLate,
    /// ECS carries it out, and can only be told to go back.
    #[error("ECS carries it out, and can only be told to go back")]
    EcsDecides,
}

/// What a rollout begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The commit that is released.
    pub commit: String,
    /// The approval hash of the plan that begins it.
    pub plan: String,
    /// What it is for.
    pub purpose: Purpose,
    /// How it goes.
    pub settings: Settings,
    /// What stands now.
    pub snapshot: Snapshot,
}

impl Track {
    /// Opens a rollout to the side that is not live.
    pub fn open(&mut self, opening: Opening, now_ms: u64) -> Result<(), Refusal> {
        let Opening { commit, plan, purpose, settings, mut snapshot } = opening;
        if self.open.is_some() {
            return Err(Refusal::AlreadyOpen);
        }
        let to = match purpose {
            Purpose::Release | Purpose::Back => self.live.other(),
            Purpose::CutOver | Purpose::ToOld => self.live,
        };
        if snapshot.live != to.other() {
            return Err(Refusal::NotLive);
        }
        match purpose {
            // What it held is overwritten.
            Purpose::Release => self.idle = None,
            Purpose::Back if self.idle.is_none() => return Err(Refusal::NothingIdle),
            Purpose::CutOver if snapshot.old.is_none() => return Err(Refusal::NotLive),
            Purpose::CutOver => {
                self.idle = None;
                if let (Some(before), Some(old)) = (&self.old, &mut snapshot.old)
                    && (&before.application, &before.from) == (&old.application, &old.from)
                {
                    // It may lead to the load balancer by now, and is asked no more where it led.
                    old.internal_url.clone_from(&before.internal_url);
                }
                self.old = snapshot.old.clone();
            }
            Purpose::ToOld if snapshot.old.is_none() => return Err(Refusal::NothingIdle),
            Purpose::Back | Purpose::ToOld => {}
        }
        let phase = match purpose {
            Purpose::ToOld if settings.overlap == Overlap::Never => Phase::StopGreen,
            Purpose::ToOld => Phase::BlueFirst,
            Purpose::Back if settings.overlap == Overlap::Never => Phase::Stop,
            Purpose::Back => Phase::ScaleUp,
            Purpose::Release | Purpose::CutOver => settings.first_phase(),
        };
        self.open = Some(Rollout {
            commit,
            plan,
            purpose,
            opened_at_ms: now_ms,
            to,
            tasks: snapshot.tasks.max(settings.least).max(1),
            settings,
            snapshot,
            proven: 0,
            phase,
            since_ms: now_ms,
            stood_ms: None,
            moved: purpose == Purpose::ToOld,
            approvals: Vec::new(),
            abort: None,
            promote: None,
            migrated: None,
            led: None,
            why: None,
        });
        Ok(())
    }

    /// Records what a step decided. Nothing is to be brought about before this
    /// is stored; `Wait`, `Ask` and `Apply` decide nothing.
    pub fn follow(&mut self, step: &Step, now_ms: u64) {
        match step {
            Step::Wait { .. } | Step::Ask { .. } | Step::Apply => {}
            Step::Enter(phase) => self.enter(*phase, now_ms),
            Step::Abort { why } => self.abort(why.clone(), now_ms),
            Step::Raise { tasks } => self.raise(*tasks),
            Step::Migrated(how) => {
                if let Some(rollout) = &mut self.open {
                    rollout.migrated.get_or_insert_with(|| how.clone());
                }
            }
            Step::End(ending) => self.close(ending.clone(), now_ms),
        }
    }

    /// Enters a phase, whose layout is to be brought about next.
    pub fn enter(&mut self, phase: Phase, now_ms: u64) {
        if let Some(rollout) = &mut self.open {
            if phase.has_traffic() {
                rollout.moved = true;
                rollout.proven = rollout.tasks;
            }
            if matches!(phase, Phase::Gate | Phase::Switch | Phase::SwitchBack) {
                rollout.led = None;
            }
            rollout.phase = phase;
            rollout.since_ms = now_ms;
            rollout.stood_ms = None;
        }
    }

    /// The layout of the phase was brought about and read back.
    pub fn stood(&mut self, now_ms: u64) {
        if let Some(rollout) = &mut self.open {
            rollout.stood_ms.get_or_insert(now_ms);
        }
    }

    /// Records what blue answered before traffic moves, once.
    pub fn counted_before(&mut self, sample: Option<Sample>) {
        if let Some(rollout) = &mut self.open {
            rollout.snapshot.before = rollout.snapshot.before.or(sample);
        }
    }

    /// Records where the application led people, before anything is written of it.
    pub fn found_internal_url(&mut self, url: &str) {
        let open = self.open.as_mut().and_then(|open| open.snapshot.old.as_mut());
        for old in [open, self.old.as_mut()].into_iter().flatten() {
            old.internal_url = Some(url.to_owned());
        }
    }

    /// Records what came of leading people elsewhere, once in a phase.
    pub fn led(&mut self, led: Led) {
        if let Some(rollout) = &mut self.open {
            // Who is there before anybody agreed must be led back, where it goes back.
            rollout.moved |= rollout.phase == Phase::Gate && led == Led::There;
            rollout.led.get_or_insert(led);
        }
    }

    /// Enters the way back; the first reason is kept.
    pub fn abort(&mut self, why: Reason, now_ms: u64) {
        if let Some(rollout) = &mut self.open {
            rollout.moved |= matches!(why, Reason::Weights { .. }) && !rollout.cuts_over();
            rollout.why.get_or_insert(why);
            // It is of the way forward; nobody was led back yet.
            rollout.led = None;
        }
        let never = self.open.as_ref().is_some_and(Rollout::never_overlaps);
        self.enter(if never { Phase::StopGreen } else { Phase::BlueFirst }, now_ms);
    }

    /// Both sides are to have so many tasks at least, where that is more than
    /// before. The time of a step that is watched goes on.
    pub fn raise(&mut self, tasks: u32) {
        if let Some(rollout) = &mut self.open {
            rollout.tasks = rollout.tasks.max(tasks);
        }
    }

    /// Records what a person said; an abort or a promotion once.
    pub fn say(&mut self, word: Word, said: Said) -> Result<(), Refusal> {
        let rollout = self.open.as_mut().ok_or(Refusal::NothingOpen)?;
        // Whoever wants it back, or done, wants that of whatever is under way.
        if word == Word::Approve && said.plan != rollout.plan {
            return Err(Refusal::OtherPlan);
        }
        if !rollout.phase.can_abort() {
            return Err(Refusal::TooLate);
        }
        match word {
            Word::Approve => rollout.approvals.push(said),
            Word::Abort => {
                rollout.abort.get_or_insert(said);
            }
            Word::Promote => {
                rollout.promote.get_or_insert(said);
            }
        }
        Ok(())
    }

    /// Closes the rollout that is open.
    pub fn close(&mut self, ending: Ending, now_ms: u64) {
        let Some(rollout) = self.open.take() else {
            return;
        };
        let (turned, unsure) = (rollout.turned(), rollout.unsure());
        let Rollout { commit, purpose, to, opened_at_ms, snapshot, .. } = rollout;
        match &ending {
            _ if matches!(purpose, Purpose::CutOver | Purpose::ToOld) => {
                if let Some(old) = &mut self.old {
                    old.serves = ending != Ending::Released;
                }
            }
            Ending::Released => {
                let Snapshot { commit, task_definition, .. } = snapshot;
                self.idle = Some(Idle { commit, task_definition });
                self.live = to;
            }
            Ending::Restored { .. } => {}
        }
        self.last =
            Some(Ended { commit, purpose, to, opened_at_ms, ended_at_ms: now_ms, ending, turned, unsure });
    }
}
