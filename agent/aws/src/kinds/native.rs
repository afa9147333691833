//! How ECS itself moves a service's traffic, as its calls say it.

use aws_sdk_ecs::types::{
    AdvancedConfiguration, CanaryConfiguration, DeploymentAlarms, DeploymentStrategy, LinearConfiguration,
    LoadBalancer, Service as EcsService, builders::DeploymentConfigurationBuilder,
};
use pointsman_core::resource::{Link, Native, Service, Shift};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{
    elb::{signed, unsigned},
    known, sorted,
};
use crate::error::failure;

/// Fields that the load balancer's block of a service says.
pub(super) const OF_TRAFFIC: [&str; 2] = ["production_rule", "traffic_role"];

/// Fields that its deployment configuration says.
pub(super) const OF_STEPS: [&str; 5] =
    ["strategy", "step_percent", "step_minutes", "bake_minutes", "abort_on"];

pub(super) fn observed(service: &EcsService) -> Option<Native> {
    let deployment = service.deployment_configuration()?;
    let minutes = |minutes: Option<i32>| unsigned(minutes);
    let shift = match deployment.strategy()? {
        DeploymentStrategy::BlueGreen => Shift::AtOnce,
        DeploymentStrategy::Canary => {
            let canary = deployment.canary_configuration();
            Shift::Canary {
                percent: canary.and_then(CanaryConfiguration::canary_percent).unwrap_or(DEFAULT_CANARY.0),
                minutes: minutes(
                    canary.map_or(Some(DEFAULT_CANARY.1), CanaryConfiguration::canary_bake_time_in_minutes),
                ),
            }
        }
        DeploymentStrategy::Linear => {
            let linear = deployment.linear_configuration();
            Shift::Linear {
                percent: linear.and_then(LinearConfiguration::step_percent).unwrap_or(DEFAULT_LINEAR.0),
                minutes: minutes(
                    linear.map_or(Some(DEFAULT_LINEAR.1), LinearConfiguration::step_bake_time_in_minutes),
                ),
            }
        }
        _ => return None,
    };
    let advanced = service.load_balancers().first().and_then(LoadBalancer::advanced_configuration);
    let of = |value: fn(&AdvancedConfiguration) -> Option<&str>| {
        advanced.and_then(value).unwrap_or_default().to_owned()
    };
    let alarms = deployment.alarms().filter(|alarms| alarms.enable());
    Some(Native {
        alternate: Link::Known(of(AdvancedConfiguration::alternate_target_group_arn)),
        rule: Link::Known(of(AdvancedConfiguration::production_listener_rule)),
        role: of(AdvancedConfiguration::role_arn),
        shift,
        bake: minutes(deployment.bake_time_in_minutes()),
        alarms: sorted(alarms.map(|alarms| alarms.alarm_names().to_vec()).unwrap_or_default()),
    })
}

/// What AWS documents for what is not said: percent and minutes.
const DEFAULT_CANARY: (f64, i32) = (5.0, 10);
const DEFAULT_LINEAR: (f64, i32) = (10.0, 6);

/// What a load balancer's block says beside the target group.
pub(super) fn advanced(
    spec: &Service,
    operation: &'static str,
) -> Result<Option<AdvancedConfiguration>, CloudError> {
    let Some(native) = &spec.native else { return Ok(None) };
    let advanced = AdvancedConfiguration::builder()
        .alternate_target_group_arn(known(&native.alternate, operation)?)
        .production_listener_rule(known(&native.rule, operation)?)
        .role_arn(&native.role);
    Ok(Some(advanced.build()))
}

/// The deployment configuration with ECS's strategy. Without one it is left to
/// AWS, which rolls.
pub(super) fn configured(
    deployment: DeploymentConfigurationBuilder,
    spec: &Service,
    operation: &'static str,
) -> Result<DeploymentConfigurationBuilder, CloudError> {
    let Some(native) = &spec.native else { return Ok(deployment) };
    let rings = !native.alarms.is_empty();
    let alarms = DeploymentAlarms::builder()
        .set_alarm_names(Some(native.alarms.clone()))
        .enable(rings)
        .rollback(rings)
        .build()
        .map_err(|error| failure(CloudErrorKind::Refused, operation, &spec.name, error.to_string(), None))?;
    let deployment = deployment.bake_time_in_minutes(signed(native.bake)).alarms(alarms);
    Ok(match native.shift {
        Shift::AtOnce => deployment.strategy(DeploymentStrategy::BlueGreen),
        Shift::Canary { percent, minutes } => {
            let canary = CanaryConfiguration::builder()
                .canary_percent(percent)
                .canary_bake_time_in_minutes(signed(minutes));
            deployment.strategy(DeploymentStrategy::Canary).canary_configuration(canary.build())
        }
        Shift::Linear { percent, minutes } => {
            let linear = LinearConfiguration::builder()
                .step_percent(percent)
                .step_bake_time_in_minutes(signed(minutes));
            deployment.strategy(DeploymentStrategy::Linear).linear_configuration(linear.build())
        }
    })
}
