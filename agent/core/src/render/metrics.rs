//! Prometheus's text format, version 0.0.4.

use std::fmt::Write;

/// A metric and all of its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// `pointsman_polls_total`.
    pub name: &'static str,
    /// What it measures, in one line.
    pub help: &'static str,
    /// What kind it is.
    pub kind: Kind,
    /// In the order in which they are shown.
    pub samples: Vec<Sample>,
}

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Counts in buckets.
    Histogram,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What follows the family's name: `_bucket`, `_sum`, or nothing.
    pub suffix: &'static str,
    /// Names and values.
    pub labels: Vec<(&'static str, String)>,
    /// The value.
    pub value: f64,
}

impl Sample {
    /// A value with one label.
    pub fn labelled(label: &'static str, of: impl Into<String>, value: f64) -> Self {
        Self { suffix: "", labels: vec![(label, of.into())], value }
    }

    /// A value of its own.
    pub fn plain(value: f64) -> Self {
        Self { suffix: "", labels: Vec::new(), value }
    }
}

/// All families as text.
pub fn text(families: &[Family]) -> String {
    let mut text = String::new();
    for Family { name, help, kind, samples } in families {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for Sample { suffix, labels, value } in samples {
            let labels: Vec<String> =
                labels.iter().map(|(label, of)| format!("{label}=\"{}\"", escaped(of))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(text, "{name}{suffix}{labels} {value}");
        }
    }
    text
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::{Family, Kind, Sample, text};

    #[test]
    fn a_family_is_written_as_prometheus_reads_it() {
        let family = Family {
            name: "pointsman_polls_total",
            help: "Looks at the config repo.",
            kind: Kind::Counter,
            samples: vec![Sample::labelled("result", "a\"b\\c\nd", 3.0), Sample::plain(0.25)],
        };
        assert_eq!(
            text(&[family]),
            "# HELP pointsman_polls_total Looks at the config repo.\n# TYPE pointsman_polls_total counter\n\
             pointsman_polls_total{result=\"a\\\"b\\\\c\\nd\"} 3\npointsman_polls_total 0.25\n"
        );
    }
}
