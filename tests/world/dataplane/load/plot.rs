//! Who answered when, as a picture.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use super::log::Asked;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 56.0;
/// Counted together.
const BUCKET: Duration = Duration::from_millis(500);
/// Colours that people who see fewer colours tell apart; failures have the red one.
const COLOURS: [&str; 6] = ["#0072b2", "#009e73", "#e69f00", "#56b4e9", "#cc79a7", "#000000"];
const RED: &str = "#d00000";
const FAILED: &str = "failed";

/// An SVG: requests a second by who answered, failures in red, and what was done when.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(super) fn drawn(title: &str, lasted: Duration, asked: &[Asked], marks: &[(Duration, String)]) -> String {
    let bucket_of = |at: Duration| (at.as_secs_f64() / BUCKET.as_secs_f64()) as usize;
    let buckets = bucket_of(lasted).max(1);
    let mut series: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for request in asked {
        let name = request.answer.as_ref().map_or(FAILED.to_owned(), ToString::to_string);
        let counts = series.entry(name).or_insert_with(|| vec![0; buckets + 1]);
        counts[bucket_of(request.at).min(buckets)] += 1;
    }
    // The last bucket is not full: it would look as if the load had dropped.
    let a_second = |count: usize| count as f64 / BUCKET.as_secs_f64();
    let highest = series.values().flat_map(|counts| &counts[..buckets]).copied().max().unwrap_or(1);
    let highest = (a_second(highest) / 50.0).ceil().max(1.0) * 50.0;
    let seconds = buckets as f64 * BUCKET.as_secs_f64();
    let x = |at: f64| LEFT + at / seconds * (WIDTH - LEFT - RIGHT);
    let y = |rate: f64| HEIGHT - BOTTOM - rate / highest * (HEIGHT - TOP - BOTTOM);

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"20\" font-size=\"15\">{}</text>\n",
        escaped(title)
    );
    for step in 0..=5 {
        let rate = highest * f64::from(step) / 5.0;
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{h:.1}\" y2=\"{h:.1}\" stroke=\"#dddddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{rate:.0}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            y(rate) + 4.0,
            h = y(rate),
        );
    }
    let every = (seconds / 12.0).ceil().max(1.0);
    let mut at = 0.0;
    while at <= seconds {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{at:.0}</text>",
            x(at),
            HEIGHT - BOTTOM + 18.0
        );
        at += every;
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">seconds</text>\n\
         <text transform=\"translate(16 {:.1}) rotate(-90)\" text-anchor=\"middle\">requests a second</text>",
        WIDTH / 2.0,
        HEIGHT - 14.0,
        HEIGHT / 2.0
    );
    for (at, what) in marks {
        let left = x(at.as_secs_f64());
        let _ = writeln!(
            svg,
            "<line x1=\"{left:.1}\" x2=\"{left:.1}\" y1=\"{TOP}\" y2=\"{}\" stroke=\"#888888\" \
             stroke-dasharray=\"4 3\"/><text x=\"{:.1}\" y=\"{}\" fill=\"#555555\">{}</text>",
            HEIGHT - BOTTOM,
            left + 3.0,
            TOP - 4.0,
            escaped(what)
        );
    }
    let names: BTreeSet<&String> = series.keys().collect();
    let mut legend = LEFT;
    for (number, name) in names.into_iter().enumerate() {
        let colour = if name == FAILED { RED } else { COLOURS[number % COLOURS.len()] };
        let points: Vec<String> = series[name][..buckets]
            .iter()
            .enumerate()
            .map(|(bucket, count)| {
                let middle = (bucket as f64 + 0.5) * BUCKET.as_secs_f64();
                format!("{:.1},{:.1}", x(middle), y(a_second(*count)))
            })
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n\
             <rect x=\"{legend:.1}\" y=\"30\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"40\">{}</text>",
            points.join(" "),
            legend + 17.0,
            escaped(name)
        );
        legend += 40.0 + 6.6 * name.chars().count() as f64;
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
