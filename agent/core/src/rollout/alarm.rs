//! What an alarm on blue would say of green: the alarms follow the side that is
//! live, and until the end that is blue.

use crate::resource::{Alarm, Link, Service, Text};

/// The same alarm, measuring green; nothing where it measures no part of blue.
pub fn on_green(alarm: &Alarm, blue: &Service, green: &Service) -> Option<Alarm> {
    let of_green = [
        ("ServiceName", blue.name.clone(), green.name.clone()),
        ("ClusterName", blue.cluster.clone(), green.cluster.clone()),
    ];
    let group = |side: &Service| side.target_group.as_ref().and_then(Link::known).map(metric_name);
    let of_group = group(blue).zip(group(green)).map(|(blue, green)| ("TargetGroup", blue, green));
    let mut measured = alarm.clone();
    for (name, its, greens) in of_green.into_iter().chain(of_group) {
        if let Some(value) = measured.metric.dimensions.get_mut(name)
            && value.resolved().is_some_and(|value| value == its)
        {
            *value = Text::known(greens);
        }
    }
    (measured.metric.dimensions != alarm.metric.dimensions).then_some(measured)
}

/// What CloudWatch calls a target group is the end of its ARN.
fn metric_name(arn: &str) -> String {
    arn.rsplit_once(':').map_or(arn, |(_, name)| name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::metric_name;

    #[test]
    fn a_target_group_is_called_by_the_end_of_its_arn() {
        let arn = "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/web--b/0123456789abcdef";
        assert_eq!(metric_name(arn), "targetgroup/web--b/0123456789abcdef");
    }
}
