use aws_sdk_applicationautoscaling::types::{
    AdjustmentType, MetricAggregationType, MetricType, PolicyType, PredefinedMetricSpecification,
    ScalingPolicy as AwsScalingPolicy, StepAdjustment, StepScalingPolicyConfiguration,
    TargetTrackingScalingPolicyConfiguration,
};
use aws_smithy_types::error::operation::BuildError;
use futures::future::try_join_all;
use pointsman_core::resource::{Link, Observed, Scaling, ScalingPolicy};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{
    Asked, Changes, Lifecycle,
    elb::{signed, unsigned},
    known,
    scaling::{self, AT_ONCE, BUSY_FOR, DIMENSION, NAMESPACE},
    standing,
};
use crate::{
    aws::Aws,
    error::{Absent, During, failure},
    wait::{Progress, while_busy},
};

const PUT: &str = "application-autoscaling:PutScalingPolicy";

/// Every policy with one of these names, whatever its target.
pub(super) async fn described(
    aws: &Aws,
    asked: &[Asked<'_, ScalingPolicy>],
) -> Result<Vec<Observed>, CloudError> {
    let names = scaling::names(asked, |spec| &spec.name);
    let calls = names.chunks(AT_ONCE).map(|names| async move {
        let mut pages = aws
            .clients
            .scaling()
            .describe_scaling_policies()
            .service_namespace(NAMESPACE)
            .set_policy_names(Some(names.to_vec()))
            .into_paginator()
            .items()
            .send();
        let mut found = Vec::new();
        while let Some(policy) = pages.next().await {
            let policy = policy.during(&aws.scope, "application-autoscaling:DescribeScalingPolicies", "")?;
            found.push(observed(&policy));
        }
        Ok::<_, CloudError>(found)
    });
    Ok(try_join_all(calls).await?.into_iter().flatten().collect())
}

fn observed(policy: &AwsScalingPolicy) -> Observed {
    let target = policy.target_tracking_scaling_policy_configuration();
    let scaling = match (target, policy.step_scaling_policy_configuration()) {
        (Some(target), _) => Scaling::Target {
            metric: target.predefined_metric_specification().map_or_else(
                || "another".to_owned(),
                |metric| metric.predefined_metric_type().as_str().to_owned(),
            ),
            value: target.target_value(),
            // AWS's own where nothing was said.
            scale_in_cooldown: seconds(target.scale_in_cooldown().or(Some(300))),
            scale_out_cooldown: seconds(target.scale_out_cooldown().or(Some(300))),
            scale_in: !target.disable_scale_in().unwrap_or_default(),
        },
        (None, Some(step)) => {
            Scaling::Step { tasks: added(step), cooldown: seconds(step.cooldown().or(Some(300))) }
        }
        (None, None) => Scaling::Other(policy.policy_type().as_str().to_owned()),
    };
    let spec = ScalingPolicy {
        name: policy.policy_name().to_owned(),
        target: Link::Known(policy.resource_id().to_owned()),
        scaling,
    };
    standing(spec, policy.policy_arn(), [("arn", Some(policy.policy_arn()))])
}

fn seconds(seconds: Option<i32>) -> u64 {
    unsigned(seconds).into()
}

/// How many tasks a policy adds, when that is all that it does.
fn added(step: &StepScalingPolicyConfiguration) -> Option<i32> {
    let [only] = step.step_adjustments() else {
        return None;
    };
    let whole = only.metric_interval_lower_bound().unwrap_or_default() == 0.0
        && only.metric_interval_upper_bound().is_none();
    let added = step.adjustment_type() == Some(&AdjustmentType::ChangeInCapacity)
        && step.min_adjustment_magnitude().unwrap_or_default() == 0;
    (whole && added).then(|| only.scaling_adjustment())
}

fn unbuilt(error: &BuildError) -> CloudError {
    failure(CloudErrorKind::Refused, PUT, "", error.to_string(), None)
}

type Configurations =
    (Option<TargetTrackingScalingPolicyConfiguration>, Option<StepScalingPolicyConfiguration>);

fn configurations(scaling: &Scaling) -> Result<Configurations, CloudError> {
    match scaling {
        Scaling::Target { metric, value, scale_in_cooldown, scale_out_cooldown, scale_in } => {
            let metric = PredefinedMetricSpecification::builder()
                .predefined_metric_type(MetricType::from(metric.as_str()))
                .build()
                .map_err(|error| unbuilt(&error))?;
            let target = TargetTrackingScalingPolicyConfiguration::builder()
                .target_value(*value)
                .predefined_metric_specification(metric)
                .scale_in_cooldown(signed(*scale_in_cooldown))
                .scale_out_cooldown(signed(*scale_out_cooldown))
                .disable_scale_in(!scale_in)
                .build()
                .map_err(|error| unbuilt(&error))?;
            Ok((Some(target), None))
        }
        Scaling::Step { tasks, cooldown } => {
            let adjustment = StepAdjustment::builder()
                .metric_interval_lower_bound(0.0)
                .scaling_adjustment(tasks.unwrap_or_default())
                .build()
                .map_err(|error| unbuilt(&error))?;
            let step = StepScalingPolicyConfiguration::builder()
                .adjustment_type(AdjustmentType::ChangeInCapacity)
                .step_adjustments(adjustment)
                .cooldown(signed(*cooldown))
                .metric_aggregation_type(MetricAggregationType::Average)
                .build();
            Ok((None, Some(step)))
        }
        Scaling::Other(kind) => {
            let message = format!("a policy of the type {kind} is none of ours");
            Err(failure(CloudErrorKind::Refused, PUT, "", message, None))
        }
    }
}

/// Its name on its target makes it one: put again, it is the same.
async fn put(aws: &Aws, spec: &ScalingPolicy, progress: &Progress<'_>) -> Result<Observed, CloudError> {
    let target = known(&spec.target, PUT)?;
    let (tracking, step) = configurations(&spec.scaling)?;
    let kind = if step.is_some() { PolicyType::StepScaling } else { PolicyType::TargetTrackingScaling };
    let made = while_busy(progress, BUSY_FOR, || async {
        aws.clients
            .scaling()
            .put_scaling_policy()
            .policy_name(&spec.name)
            .service_namespace(NAMESPACE)
            .scalable_dimension(DIMENSION)
            .resource_id(target)
            .policy_type(kind.clone())
            .set_target_tracking_scaling_policy_configuration(tracking.clone())
            .set_step_scaling_policy_configuration(step.clone())
            .send()
            .await
            .during(&aws.scope, PUT, &spec.name)
    })
    .await?;
    Ok(standing(spec.clone(), made.policy_arn(), [("arn", Some(made.policy_arn()))]))
}

impl Lifecycle for ScalingPolicy {
    async fn create(&self, aws: &Aws, _token: &str, progress: &Progress<'_>) -> Result<Observed, CloudError> {
        put(aws, self, progress).await
    }

    async fn update(
        &self,
        aws: &Aws,
        _object: &Observed,
        _changes: &Changes<'_>,
        progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        put(aws, self, progress).await
    }

    async fn delete(&self, aws: &Aws, id: &str, progress: &Progress<'_>) -> Result<(), CloudError> {
        let operation = "application-autoscaling:DeleteScalingPolicy";
        let target = known(&self.target, operation)?;
        while_busy(progress, BUSY_FOR, || async {
            aws.clients
                .scaling()
                .delete_scaling_policy()
                .policy_name(&self.name)
                .service_namespace(NAMESPACE)
                .scalable_dimension(DIMENSION)
                .resource_id(target)
                .send()
                .await
                .during(&aws.scope, operation, id)
                .or_absent()
        })
        .await
        .map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_applicationautoscaling::types::{
        AdjustmentType, StepAdjustment, StepScalingPolicyConfiguration,
    };

    use super::added;

    fn step(kind: AdjustmentType, lower: Option<f64>, upper: Option<f64>) -> Option<i32> {
        let adjustment = StepAdjustment::builder()
            .set_metric_interval_lower_bound(lower)
            .set_metric_interval_upper_bound(upper)
            .scaling_adjustment(2)
            .build()
            .unwrap();
        added(
            &StepScalingPolicyConfiguration::builder()
                .adjustment_type(kind)
                .step_adjustments(adjustment)
                .build(),
        )
    }

    #[test]
    fn only_a_policy_that_adds_whatever_the_excess_adds_tasks() {
        assert_eq!(step(AdjustmentType::ChangeInCapacity, Some(0.0), None), Some(2));
        assert_eq!(step(AdjustmentType::ChangeInCapacity, None, None), Some(2));
        assert_eq!(step(AdjustmentType::ChangeInCapacity, Some(0.0), Some(10.0)), None);
        assert_eq!(step(AdjustmentType::ExactCapacity, Some(0.0), None), None);
    }
}
