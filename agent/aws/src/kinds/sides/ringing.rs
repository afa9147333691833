//! Which alarms turn a rollout back: those that ring, and those that measure
//! blue and would ring for what CloudWatch has of green.

use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, StateValue,
};
use pointsman_core::resource::Alarm;
use pointsman_engine::ports::{CloudError, OnGreen, Underway};

use super::{now_ms, time_of};
use crate::{aws::Aws, error::During, kinds::elb::signed};

/// So many metrics are asked for in one call.
const AT_ONCE: usize = 500;

/// The names of alarms.
#[derive(Default)]
pub(super) struct Ringing {
    /// Those that ring.
    pub(super) by_itself: Vec<String>,
    /// Those that would ring if they measured green.
    pub(super) on_green: Vec<String>,
}

pub(super) async fn ringing(aws: &Aws, asked: &Underway) -> Result<Ringing, CloudError> {
    let (by_itself, on_green) =
        futures::try_join!(in_alarm(aws, &asked.alarms), would_ring(aws, &asked.on_green))?;
    Ok(Ringing { by_itself, on_green })
}

/// Those of the alarms that ring.
async fn in_alarm(aws: &Aws, names: &[String]) -> Result<Vec<String>, CloudError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let described = aws
        .clients
        .cloudwatch()
        .describe_alarms()
        .set_alarm_names(Some(names.to_vec()))
        .state_value(StateValue::Alarm)
        .send()
        .await
        .during(&aws.scope, "cloudwatch:DescribeAlarms", &names.join(", "))?;
    let ringing = described.metric_alarms().iter().filter(|it| it.state_value() == Some(&StateValue::Alarm));
    Ok(ringing.filter_map(|alarm| alarm.alarm_name().map(ToOwned::to_owned)).collect())
}

/// Those that would ring for what green does.
async fn would_ring(aws: &Aws, alarms: &[OnGreen]) -> Result<Vec<String>, CloudError> {
    let now = now_ms();
    let mut ringing = Vec::new();
    for alarms in alarms.chunks(AT_ONCE) {
        let queries = alarms.iter().enumerate().filter_map(|(index, it)| query(index, &it.alarm));
        let from = alarms.iter().map(|it| from_ms(it, now)).min().unwrap_or(now);
        let answer = aws
            .clients
            .cloudwatch()
            .get_metric_data()
            .set_metric_data_queries(Some(queries.collect()))
            .start_time(time_of(from))
            .end_time(time_of(now))
            .send()
            .await
            .during(&aws.scope, "cloudwatch:GetMetricData", "the alarms of abort_on, of green")?;
        let of = |index: usize| {
            let result = answer.metric_data_results().iter().find(|it| it.id() == Some(&id(index)));
            result.map(values).unwrap_or_default()
        };
        let rings = |(index, it): &(usize, &OnGreen)| it.alarm.would_ring(&of(*index), it.since_ms, now);
        ringing.extend(alarms.iter().enumerate().filter(rings).map(|(_, it)| it.name.clone()));
    }
    Ok(ringing)
}

/// The beginning of the first period that counts.
fn from_ms(OnGreen { alarm, since_ms, .. }: &OnGreen, now: u64) -> u64 {
    let period = alarm.period.max(1).saturating_mul(1_000);
    let from = now.saturating_sub(alarm.looks_back_ms()).max(*since_ms);
    from / period * period
}

fn id(index: usize) -> String {
    format!("alarm_{index}")
}

/// Nothing where a dimension of it is not known.
fn query(index: usize, alarm: &Alarm) -> Option<MetricDataQuery> {
    let dimension = |(name, value): (&String, &pointsman_core::resource::Text)| {
        Some(Dimension::builder().name(name).value(value.resolved()?).build())
    };
    let dimensions: Option<Vec<Dimension>> = alarm.metric.dimensions.iter().map(dimension).collect();
    let metric = Metric::builder()
        .namespace(&alarm.metric.namespace)
        .metric_name(&alarm.metric.name)
        .set_dimensions(Some(dimensions?))
        .build();
    let stat = MetricStat::builder()
        .metric(metric)
        .period(signed(alarm.period))
        .stat(&alarm.metric.statistic)
        .build();
    Some(MetricDataQuery::builder().id(id(index)).metric_stat(stat).build())
}

/// The beginning of each period, Unix milliseconds, with its value.
fn values(result: &MetricDataResult) -> Vec<(u64, f64)> {
    let at = |at: &aws_smithy_types::DateTime| u64::try_from(at.to_millis().ok()?).ok();
    let values = result.timestamps().iter().zip(result.values());
    values.filter_map(|(time, value)| Some((at(time)?, *value))).collect()
}
