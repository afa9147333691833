//! What is seen of the deployment that is watched, and what that means.

use std::time::{Duration, SystemTime};

use aws_sdk_ecs::types::{
    Deployment, ServiceDeployment, ServiceDeploymentLifecycleStage as Stage,
    ServiceDeploymentStatus as Status,
};
use aws_smithy_types::DateTime;
use pointsman_core::resource::Service;
use pointsman_engine::ports::CloudError;

use super::deployments::{CLOCKS_DIFFER, described, newest};
use crate::aws::Aws;

/// How often a service may be seen otherwise than it was asked for before that
/// is believed, about a minute: what was asked for just now is not seen everywhere.
const UNSEEN: u32 = 12;

/// A service that was not released for so long may have no release that ECS
/// still knows: it keeps them for 90 days.
const FORGOTTEN: Duration = Duration::from_secs(80 * 24 * 60 * 60);

/// Where a release stands: as long as none of it changes, it does not move.
pub(super) fn step(deployment: &ServiceDeployment) -> (Option<Status>, Option<Stage>, Option<String>) {
    let target = deployment.target_service_revision();
    let weight = target.and_then(|target| target.requested_production_traffic_weight());
    (
        deployment.status().cloned(),
        deployment.lifecycle_stage().cloned(),
        weight.map(|percent| percent.to_string()),
    )
}

/// What was seen of the deployment that is watched.
pub(super) struct Course {
    /// What ended before was watched by somebody else.
    since: SystemTime,
    /// The newest one before that which is watched, where that is known: no clock is
    /// asked then.
    after: Option<String>,
    watched: Option<String>,
    unseen: u32,
}

/// How the deployment stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// Where it is.
    UnderWay(String),
    /// Nothing that was begun since is seen yet.
    Unseen,
    /// It ended well.
    Done,
    /// ECS went back, and why.
    GivenUp(String),
}

impl Course {
    pub(super) fn new(after: Option<&str>) -> Self {
        Self {
            since: SystemTime::now() - CLOCKS_DIFFER,
            after: after.map(ToOwned::to_owned),
            watched: None,
            unseen: 0,
        }
    }

    pub(super) async fn look(
        &mut self,
        aws: &Aws,
        spec: &Service,
    ) -> Result<Option<ServiceDeployment>, CloudError> {
        let arn = match &self.watched {
            Some(arn) => Some(arn.clone()),
            None => newest(aws, spec, None).await?.and_then(|brief| brief.service_deployment_arn),
        };
        match arn {
            Some(arn) => described(aws, &arn).await.map(Some),
            None => Ok(None),
        }
    }

    /// Done only where ECS released nothing since the tasks that it counts as
    /// the newest.
    pub(super) fn judge(&mut self, deployment: Option<&ServiceDeployment>, primary: &Deployment) -> Judged {
        let begun = |before: Duration| {
            let at = DateTime::from(self.since - before);
            primary.created_at().is_none_or(|begun| *begun >= at)
        };
        let Some(deployment) = deployment else {
            return if begun(FORGOTTEN) { Judged::Unseen } else { Judged::Done };
        };
        let judged = judge(deployment);
        let is_over = !matches!(judged, Judged::UnderWay(_));
        let is_before = |at: DateTime| deployment.created_at().is_none_or(|made| *made < at);
        let is_former = match &self.after {
            Some(former) => deployment.service_deployment_arn() == Some(former),
            None => is_before(DateTime::from(self.since)),
        };
        if self.watched.is_none() && is_over && is_former {
            // A success is what still stands, where nothing was begun after it; a
            // failure was told to somebody else.
            let is_older = primary
                .created_at()
                .and_then(|at| SystemTime::try_from(*at).ok())
                .is_some_and(|begun| is_before(DateTime::from(begun - CLOCKS_DIFFER)));
            let is_last = if judged == Judged::Done { !is_older } else { !begun(Duration::ZERO) };
            return if is_last { Judged::Done } else { Judged::Unseen };
        }
        self.watched = deployment.service_deployment_arn().map(ToOwned::to_owned);
        judged
    }

    /// Whether what is seen was seen often enough.
    pub(super) fn is_believed(&mut self) -> bool {
        self.unseen += 1;
        self.unseen > UNSEEN
    }
}

pub(super) fn judge(deployment: &ServiceDeployment) -> Judged {
    let rollback = deployment.rollback().and_then(|rollback| rollback.reason());
    let reason = deployment.status_reason().or(rollback).unwrap_or("ECS does not say why");
    let reason = reason.trim_end_matches('.').to_owned();
    match deployment.status() {
        Some(Status::Successful) => Judged::Done,
        Some(Status::Stopped | Status::RollbackSuccessful) => Judged::GivenUp(reason),
        Some(Status::RollbackFailed) => Judged::GivenUp(format!("{reason}; and going back failed")),
        Some(Status::RollbackRequested | Status::RollbackInProgress | Status::StopRequested) => {
            Judged::UnderWay(format!("going back: {reason}"))
        }
        _ => Judged::UnderWay(stage(deployment)),
    }
}

/// A stage of ECS's by the name of the phase that does the same where the agent
/// moves traffic itself.
fn stage(deployment: &ServiceDeployment) -> String {
    let target = deployment.target_service_revision();
    let tasks = target.map(|target| (target.running_task_count(), target.requested_task_count()));
    let weight = target.and_then(|target| target.requested_production_traffic_weight());
    match deployment.lifecycle_stage() {
        None | Some(Stage::ReconcileService | Stage::PreScaleUp) => "scale up".to_owned(),
        Some(Stage::ScaleUp) => match tasks {
            Some((running, requested)) => format!("scale up: {running} of {requested} new tasks run"),
            None => "scale up".to_owned(),
        },
        Some(Stage::PostScaleUp | Stage::TestTrafficShift | Stage::PostTestTrafficShift) => "test".to_owned(),
        Some(Stage::ProductionTrafficShift | Stage::PostProductionTrafficShift) => match weight {
            Some(percent) => format!("shift to {percent} %"),
            None => "shift".to_owned(),
        },
        Some(Stage::BakeTime) => "bake".to_owned(),
        Some(Stage::CleanUp) => "clean up".to_owned(),
        Some(other) => other.as_str().to_lowercase().replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use aws_sdk_ecs::types::{
        Deployment, Rollback, ServiceDeployment, ServiceDeploymentLifecycleStage as Stage,
        ServiceDeploymentStatus as Status, ServiceRevisionSummary,
    };
    use aws_smithy_types::DateTime;

    use super::{Course, FORGOTTEN, Judged, judge, step};

    fn deployment(status: Status) -> ServiceDeployment {
        ServiceDeployment::builder().service_deployment_arn("arn:one").status(status).build()
    }

    #[test]
    fn ecs_going_back_is_a_failure_with_its_reason() {
        let back = ServiceDeployment::builder()
            .status(Status::RollbackSuccessful)
            .rollback(Rollback::builder().reason("tasks failed to start.").build())
            .build();
        assert_eq!(judge(&back), Judged::GivenUp("tasks failed to start".to_owned()));
        assert_eq!(judge(&deployment(Status::Stopped)), Judged::GivenUp("ECS does not say why".to_owned()));
        assert_eq!(judge(&deployment(Status::Successful)), Judged::Done);
        let goes = judge(&deployment(Status::RollbackInProgress));
        assert_eq!(goes, Judged::UnderWay("going back: ECS does not say why".to_owned()));
    }

    #[test]
    fn stages_have_the_names_of_our_phases() {
        let at = |stage: Stage| {
            let target = ServiceRevisionSummary::builder()
                .running_task_count(1)
                .requested_task_count(2)
                .requested_production_traffic_weight(10.0)
                .build();
            let deployment = ServiceDeployment::builder()
                .status(Status::InProgress)
                .lifecycle_stage(stage)
                .target_service_revision(target)
                .build();
            match judge(&deployment) {
                Judged::UnderWay(says) => says,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(at(Stage::PreScaleUp), "scale up");
        assert_eq!(at(Stage::ScaleUp), "scale up: 1 of 2 new tasks run");
        assert_eq!(at(Stage::PostTestTrafficShift), "test");
        assert_eq!(at(Stage::ProductionTrafficShift), "shift to 10 %");
        assert_eq!(at(Stage::BakeTime), "bake");
        assert_eq!(at(Stage::CleanUp), "clean up");
        assert_eq!(at(Stage::from("PRE_PRODUCTION_TRAFFIC_SHIFT")), "pre production traffic shift");
    }

    fn ended(status: Status, made: SystemTime) -> ServiceDeployment {
        ServiceDeployment::builder()
            .service_deployment_arn("arn:one")
            .status(status)
            .status_reason("alarm")
            .created_at(DateTime::from(made))
            .build()
    }

    fn primary(made: SystemTime) -> Deployment {
        Deployment::builder().created_at(DateTime::from(made)).build()
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn what_ended_before_is_not_what_was_asked_for() {
        let mut course = Course::new(None);
        let since = course.since;
        let (before, now) = (since - MINUTE, since + Duration::from_secs(1));
        for status in [Status::RollbackSuccessful, Status::Successful] {
            for _ in 0..100 {
                assert_eq!(course.judge(Some(&ended(status.clone(), before)), &primary(now)), Judged::Unseen);
            }
            let stands = course.judge(Some(&ended(status, before)), &primary(before));
            assert_eq!(stands, Judged::Done, "nothing was begun since");
        }
        let ours = ended(Status::RollbackSuccessful, now);
        assert_eq!(course.judge(Some(&ours), &primary(now)), Judged::GivenUp("alarm".to_owned()));
        // Seen once, it is the one.
        let again = course.judge(Some(&ended(Status::Stopped, before)), &primary(now));
        assert_eq!(again, Judged::GivenUp("alarm".to_owned()));
    }

    #[test]
    fn a_release_right_after_one_that_failed_is_told_from_it_without_a_clock() {
        let mut course = Course::new(Some("arn:one"));
        let moment_ago = course.since + Duration::from_secs(4);
        let failed = ended(Status::RollbackSuccessful, moment_ago);
        assert_eq!(course.judge(Some(&failed), &primary(moment_ago)), Judged::Unseen);
        let mut other = Course::new(Some("arn:zero"));
        let long_ago = ended(Status::RollbackSuccessful, course.since - MINUTE);
        assert_eq!(other.judge(Some(&long_ago), &primary(moment_ago)), Judged::GivenUp("alarm".to_owned()));
    }

    #[test]
    fn a_release_that_is_not_listed_is_no_success() {
        let mut course = Course::new(None);
        let since = course.since;
        assert_eq!(course.judge(None, &primary(since)), Judged::Unseen);
        assert_eq!(course.judge(None, &primary(since - MINUTE)), Judged::Unseen);
        assert_eq!(course.judge(None, &primary(since - 2 * FORGOTTEN)), Judged::Done);
    }

    #[test]
    fn only_what_moves_gives_a_release_more_time() {
        let at = |tasks: i32, weight: f64, stage: Stage| {
            let target = ServiceRevisionSummary::builder()
                .running_task_count(tasks)
                .requested_production_traffic_weight(weight)
                .build();
            step(&ServiceDeployment::builder().lifecycle_stage(stage).target_service_revision(target).build())
        };
        assert_eq!(at(1, 0.0, Stage::ScaleUp), at(2, 0.0, Stage::ScaleUp));
        assert_ne!(at(2, 0.0, Stage::ScaleUp), at(2, 0.0, Stage::BakeTime));
        assert_ne!(at(2, 10.0, Stage::ScaleUp), at(2, 20.0, Stage::ScaleUp));
    }
}
