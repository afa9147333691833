//! A rollout as two tracks: who gets how much of the traffic, and who is well.

use std::collections::BTreeMap;

use super::Markup;
use crate::{
    render::{paint, rollout},
    report::{Side, Sides},
};

/// Every rollout that was looked at, and what was said of it.
pub(super) fn rollouts(sides: &BTreeMap<String, Sides>, said: &BTreeMap<String, String>) -> Markup {
    let mut main = Markup::new();
    for (service, sides) in sides {
        main.add(&tracks(service, sides, said.get(service).map(String::as_str)));
    }
    for (_, said) in said.iter().filter(|(service, _)| !sides.contains_key(*service)) {
        main.add(&words(said));
    }
    main
}

fn tracks(service: &str, sides: &Sides, said: Option<&str>) -> Markup {
    let Sides { phase, settings, blue, green, approved_by } = sides;
    let mut main = Markup::new();
    main.html("<div class=\"rollout\">\n<h3>Rollout of <code>").text(service).html("</code>: ");
    main.text(&rollout::phase_name(*phase, settings)).html("</h3>\n<p>");
    main.sentence(&rollout::phase(*phase, settings)).html("</p>\n");
    main.add(&track("blue", "Blue, which was live", blue)).add(&track(
        "green",
        "Green, the new release",
        green,
    ));
    if !approved_by.is_empty() {
        main.html("<p>Traffic may move; approved by ");
        for (index, who) in approved_by.iter().enumerate() {
            main.html(if index > 0 { ", " } else { "" }).html("<strong>").text(who).html("</strong>");
        }
        main.html(".</p>\n");
    }
    if let Some(said) = said {
        main.add(&words(said));
    }
    main.html("</div>\n");
    main
}

fn track(class: &'static str, what: &'static str, side: &Side) -> Markup {
    let Side { block, share, desired, healthy } = side;
    let mut main = Markup::new();
    let share_now = share.unwrap_or(0).min(100).to_string();
    main.html("<div class=\"track ").html(class).html("\">\n<p class=\"side\"><strong>").html(what);
    main.html("</strong> <code>").text(block).html("</code></p>\n");
    // A picture without style attributes: the page's policy allows none.
    main.html("<svg class=\"bar\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"rail\" width=\"100\" height=\"6\"></rect><rect class=\"share\" width=\"");
    main.text(&share_now).html("\" height=\"6\"></rect></svg>\n<p class=\"numbers\"><span>");
    match share {
        Some(share) => main.text(&format!("{share} % of the traffic")),
        None => main.html("no traffic"),
    };
    main.html("</span> <span>");
    if *desired == 0 {
        main.html("no tasks");
    } else {
        main.text(&format!("{healthy} of {desired} targets healthy"));
    }
    main.html("</span></p>\n</div>\n");
    main
}

/// What comes next and why, in the words that terminals have; the tracks are
/// shown already.
fn words(said: &str) -> Markup {
    let mut main = Markup::new();
    let plain = paint::without(said);
    let mut paragraphs: Vec<String> = Vec::new();
    for line in plain.lines().skip(1) {
        let indent = line.len() - line.trim_start().len();
        match paragraphs.last_mut() {
            // A long sentence goes on below itself.
            Some(last) if indent > 2 => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ => paragraphs.push(line.trim().to_owned()),
        }
    }
    let is_shown = |paragraph: &String| {
        paragraph.is_empty() || ["blue ", "green ", "now "].iter().any(|mark| paragraph.starts_with(mark))
    };
    paragraphs.retain(|paragraph| !is_shown(paragraph));
    for paragraph in paragraphs {
        let (mark, rest) = paragraph.split_once(' ').unwrap_or(("", &paragraph));
        let named = match mark {
            "next" => "Next: ",
            "why" => "Why: ",
            _ => "",
        };
        main.html("<p><strong>").html(named).html("</strong>");
        main.text(if named.is_empty() { &paragraph } else { rest.trim_start() }).html("</p>\n");
    }
    main
}
