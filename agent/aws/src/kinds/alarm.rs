use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{
    AlarmType, ComparisonOperator, CompositeAlarm, Dimension, MetricAlarm, Statistic,
};
use futures::future::try_join_all;
use pointsman_core::resource::{Alarm, Link, Metric, Observed, Tags, Text};
use pointsman_engine::ports::{CloudError, CloudErrorKind};

use super::{
    Asked, Changes, Found, Lifecycle, all_known,
    asked::names,
    cloudwatch_tags,
    elb::{signed, unsigned},
    ours, standing,
    tag_index::Index,
    tags_of,
};
use crate::{
    aws::Aws,
    error::{Absent, During, failure},
    wait::Progress,
};

/// As many alarms as one call takes.
const AT_ONCE: usize = 100;
const PUT: &str = "cloudwatch:PutMetricAlarm";

/// Alarms that stand, by name, without their tags.
type Alarms = BTreeMap<String, Observed>;

/// Its name is its id: all are asked for in one call, beside the index of tags.
pub(super) async fn observe(
    aws: &Aws,
    asked: &[Asked<'_, Alarm>],
    index: &Index<'_>,
) -> Result<Found, CloudError> {
    let mut wanted: Vec<String> =
        asked.iter().flat_map(|asked| names(asked, &asked.spec.name)).map(ToOwned::to_owned).collect();
    wanted.sort();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(Found::new());
    }
    let (alarms, index) = futures::join!(described(aws, &wanted), index.said());
    let (alarms, index) = (alarms?, &index);
    let found = asked.iter().filter_map(|asked| {
        let alarm = names(asked, &asked.spec.name).find_map(|name| alarms.get(name))?;
        Some((asked, alarm.clone()))
    });
    try_join_all(found.map(|(asked, mut alarm)| async move {
        let arn = arn(aws, &alarm.id);
        let tags = match index.confirms(&arn, &asked.spec.tags) {
            Some(tags) => tags,
            None => cloudwatch_tags::of(aws, &arn).await?,
        };
        set_tags(&mut alarm, tags);
        Ok((asked.address.clone(), alarm))
    }))
    .await
}

async fn described(aws: &Aws, names: &[String]) -> Result<Alarms, CloudError> {
    let calls = names.chunks(AT_ONCE).map(|names| async move {
        // Without the types, an alarm of another type under our name is not seen.
        let page = aws
            .clients
            .cloudwatch()
            .describe_alarms()
            .set_alarm_names(Some(names.to_vec()))
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .max_records(signed(AT_ONCE))
            .send()
            .await
            .during(&aws.scope, "cloudwatch:DescribeAlarms", &names.join(", "))?;
        let composite = page.composite_alarms().iter().map(foreign);
        Ok::<_, CloudError>(page.metric_alarms().iter().map(observed).chain(composite).collect::<Vec<_>>())
    });
    let found = try_join_all(calls).await?.into_iter().flatten();
    Ok(found.map(|alarm| (alarm.id.clone(), alarm)).collect())
}

async fn find(aws: &Aws, name: &str) -> Result<Option<Observed>, CloudError> {
    let name = name.to_owned();
    let arn = arn(aws, &name);
    let (alarms, tags) =
        futures::try_join!(described(aws, std::slice::from_ref(&name)), cloudwatch_tags::of(aws, &arn))?;
    Ok(alarms.into_values().next().map(|mut alarm| {
        set_tags(&mut alarm, tags);
        alarm
    }))
}

fn arn(aws: &Aws, name: &str) -> String {
    aws.scope.arn("cloudwatch", &format!("alarm:{name}"))
}

fn set_tags(alarm: &mut Observed, tags: Tags) {
    alarm.owner = tags.owner();
    if let Some(own) = alarm.resource.tags_mut() {
        *own = tags;
    }
}

fn observed(alarm: &MetricAlarm) -> Observed {
    let evaluations = unsigned(alarm.evaluation_periods());
    let dimension = |dimension: &Dimension| {
        (dimension.name().unwrap_or_default().to_owned(), Text::known(dimension.value().unwrap_or_default()))
    };
    let statistic = alarm.statistic().map(Statistic::as_str);
    let spec = Alarm {
        name: alarm.alarm_name().unwrap_or_default().to_owned(),
        description: alarm.alarm_description().unwrap_or_default().to_owned(),
        metric: Metric {
            namespace: alarm.namespace().unwrap_or_default().to_owned(),
            // An alarm on an expression has no metric of its own.
            name: alarm.metric_name().unwrap_or("(an expression)").to_owned(),
            statistic: alarm.extended_statistic().or(statistic).unwrap_or_default().to_owned(),
            dimensions: alarm.dimensions().iter().map(dimension).collect(),
        },
        comparison: alarm
            .comparison_operator()
            .map(|operator| operator.as_str().to_owned())
            .unwrap_or_default(),
        threshold: alarm.threshold().unwrap_or_default(),
        period: unsigned(alarm.period()).into(),
        evaluations,
        datapoints: alarm.datapoints_to_alarm().map_or(evaluations, |points| unsigned(Some(points))),
        missing: alarm.treat_missing_data().unwrap_or("missing").to_owned(),
        actions: alarm.alarm_actions().iter().cloned().map(Link::Known).collect(),
        other_actions: other_actions(alarm),
        enabled: alarm.actions_enabled().unwrap_or(true),
        tags: Tags::default(),
    };
    let name = alarm.alarm_name().unwrap_or_default();
    standing(spec, name, [("arn", alarm.alarm_arn())])
}

/// What it does when all is well or nothing is known, which we never ask for.
fn other_actions(alarm: &MetricAlarm) -> Vec<String> {
    let well = alarm.ok_actions().iter().map(|action| format!("ok: {action}"));
    let unknown =
        alarm.insufficient_data_actions().iter().map(|action| format!("insufficient data: {action}"));
    super::sorted(well.chain(unknown).collect())
}

/// An alarm made of other alarms: it has our name, and nothing else of ours.
fn foreign(alarm: &CompositeAlarm) -> Observed {
    let name = alarm.alarm_name().unwrap_or_default();
    let metric = MetricAlarm::builder()
        .alarm_name(name)
        .set_alarm_arn(alarm.alarm_arn().map(ToOwned::to_owned))
        .metric_name(alarm.alarm_rule().unwrap_or_default());
    observed(&metric.build())
}

/// Everything of an alarm is said each time: what is left out goes back to AWS's default.
async fn put(aws: &Aws, spec: &Alarm, tags: Option<Vec<(String, String)>>) -> Result<(), CloudError> {
    let Alarm {
        name,
        description,
        metric: Metric { namespace, name: metric, statistic, dimensions },
        comparison,
        threshold,
        period,
        evaluations,
        datapoints,
        missing,
        actions,
        other_actions: _,
        enabled,
        tags: _,
    } = spec;
    let dimensions = dimensions.iter().map(|(name, value)| {
        let value = value.resolved().ok_or_else(|| {
            let message = format!("its dimension {name} is not known yet");
            failure(CloudErrorKind::Refused, PUT, &spec.name, message, None)
        })?;
        Ok(Dimension::builder().name(name).value(value).build())
    });
    let is_percentile = statistic.starts_with('p');
    aws.clients
        .cloudwatch()
        .put_metric_alarm()
        .alarm_name(name)
        .alarm_description(description)
        .namespace(namespace)
        .metric_name(metric)
        .set_statistic((!is_percentile).then(|| Statistic::from(statistic.as_str())))
        .set_extended_statistic(is_percentile.then(|| statistic.clone()))
        .set_dimensions(Some(dimensions.collect::<Result<_, CloudError>>()?))
        .comparison_operator(ComparisonOperator::from(comparison.as_str()))
        .threshold(*threshold)
        .period(signed(*period))
        .evaluation_periods(signed(*evaluations))
        .datapoints_to_alarm(signed(*datapoints))
        .treat_missing_data(missing)
        .set_alarm_actions(Some(all_known(actions, PUT)?))
        .actions_enabled(*enabled)
        .set_tags(tags.map(cloudwatch_tags::list))
        .send()
        .await
        .during(&aws.scope, PUT, name)?;
    Ok(())
}

impl Lifecycle for Alarm {
    async fn create(&self, aws: &Aws, token: &str, _progress: &Progress<'_>) -> Result<Observed, CloudError> {
        let tags = match find(aws, &self.name).await? {
            Some(found) => {
                ours(found, &self.tags, PUT)?;
                None
            }
            None => Some(tags_of(&self.tags, token)),
        };
        put(aws, self, tags).await?;
        Ok(standing(self.clone(), &self.name, [("arn", Some(arn(aws, &self.name).as_str()))]))
    }

    async fn update(
        &self,
        aws: &Aws,
        object: &Observed,
        changes: &Changes<'_>,
        _progress: &Progress<'_>,
    ) -> Result<Observed, CloudError> {
        if !changes.only_tags() {
            put(aws, self, None).await?;
        }
        let arn = arn(aws, &object.id);
        cloudwatch_tags::update(aws, &arn, changes, &self.tags).await?;
        Ok(standing(self.clone(), &object.id, [("arn", Some(arn.as_str()))]))
    }

    async fn delete(&self, aws: &Aws, id: &str, _progress: &Progress<'_>) -> Result<(), CloudError> {
        aws.clients
            .cloudwatch()
            .delete_alarms()
            .alarm_names(id)
            .send()
            .await
            .during(&aws.scope, "cloudwatch:DeleteAlarms", id)
            .or_absent()
            .map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::types::{CompositeAlarm, MetricAlarm};
    use pointsman_core::resource::{Observed, Owner, Resource};

    use super::{foreign, observed};

    fn alarm(object: Observed) -> pointsman_core::resource::Alarm {
        match object.resource {
            Resource::Alarm(alarm) => alarm,
            other => panic!("another kind: {other:?}"),
        }
    }

    #[test]
    fn what_aws_leaves_out_is_its_default() {
        let found = alarm(observed(&MetricAlarm::builder().alarm_name("a").evaluation_periods(3).build()));
        assert_eq!((found.datapoints, found.missing.as_str(), found.enabled), (3, "missing", true));
    }

    #[test]
    fn what_somebody_else_made_it_do_is_shown() {
        let found =
            MetricAlarm::builder().alarm_name("a").ok_actions("arn:1").insufficient_data_actions("arn:2");
        assert_eq!(alarm(observed(&found.build())).other_actions, ["insufficient data: arn:2", "ok: arn:1"]);
    }

    #[test]
    fn a_composite_alarm_under_our_name_is_nobodys_that_we_know() {
        let found = foreign(&CompositeAlarm::builder().alarm_name("a").alarm_rule("ALARM(b)").build());
        assert_eq!(found.owner, Owner::Unknown);
        assert_eq!(alarm(found).metric.name, "ALARM(b)");
    }
}
