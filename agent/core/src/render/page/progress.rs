//! What is done to each object, and what came of it.

use super::{Markup, lines};
use crate::{
    Address,
    render::{paint, rollout, words},
    report::{ChangeResult, Outcome, pull_request::Progress},
};

/// Object by object: what failed or goes on first. Once all is done, folded.
pub(super) fn steps(id: &str, progress: &[(Address, Progress)]) -> Markup {
    let mut main = Markup::new();
    if progress.is_empty() {
        return main;
    }
    let weight = |progress: &Progress| match progress {
        Progress::Failed(..) => 0,
        Progress::Doing(..) => 1,
        Progress::Done(..) => 2,
    };
    let mut ordered: Vec<_> = progress.iter().collect();
    ordered.sort_by(|(a, first), (b, second)| (weight(first), a).cmp(&(weight(second), b)));
    let done = ordered.iter().filter(|(_, progress)| matches!(progress, Progress::Done(..))).count();
    let all_done = done == ordered.len();
    main.html("<details id=\"steps-").text(id).html(if all_done {
        "\">\n<summary>"
    } else {
        "\" open>\n<summary>"
    });
    main.text(&format!("Steps: {done} of {} done", ordered.len())).html("</summary>\n<ul class=\"steps\">\n");
    for (address, progress) in ordered {
        match progress {
            Progress::Doing(action, says) => {
                main.html("<li class=\"doing\">").text(words::doing(*action)).html(" <code>");
                main.text(address.as_str()).html("</code>");
                if let Some(says) = says {
                    main.html(": ").text(says);
                }
            }
            Progress::Done(action, took) => {
                main.html("<li class=\"done\">").text(words::done(*action)).html(" <code>");
                main.text(address.as_str()).html("</code> in ").text(&words::took(*took));
            }
            Progress::Failed(action, why) => {
                main.html("<li class=\"failed\">").text(words::doing(*action)).html(" <code>");
                main.text(address.as_str()).html("</code> failed: ").text(why);
            }
        }
        main.html("</li>\n");
    }
    main.html("</ul>\n</details>\n");
    main
}

/// What stands, and where it can be reached.
pub(super) fn outcome(outcome: &Outcome) -> Markup {
    let Outcome {
        environment,
        commit: _,
        judged: _,
        changes,
        rollouts,
        outputs,
        serial,
        took_ms,
        stopped: _,
    } = outcome;
    let mut main = Markup::new();
    let skipped: Vec<&Address> = changes
        .iter()
        .filter(|change| matches!(change.result, ChangeResult::Skipped { .. }))
        .map(|change| &change.address)
        .collect();
    if !skipped.is_empty() {
        main.html("<p>Not begun: ");
        for (index, address) in skipped.iter().enumerate() {
            main.html(if index > 0 { ", " } else { "" })
                .html("<code>")
                .text(address.as_str())
                .html("</code>");
        }
        main.html(".</p>\n");
    }
    for one in rollouts {
        main.add(&lines("said", paint::without(&rollout::outcome(environment, one)).trim()));
    }
    if !outputs.is_empty() {
        main.html("<h3>Outputs</h3>\n<dl class=\"fields\">\n");
        for (name, value) in outputs {
            main.html("<div><dt><code>").text(name).html("</code></dt><dd>");
            if value.starts_with("https://") || value.starts_with("http://") {
                main.html("<a rel=\"noreferrer\" href=\"").text(value).html("\">").text(value).html("</a>");
            } else {
                main.html("<code>").text(value).html("</code>");
            }
            main.html("</dd></div>\n");
        }
        main.html("</dl>\n");
    }
    main.html("<p>State serial ").text(&serial.to_string()).html(", after ");
    main.text(&words::took(*took_ms)).html(".</p>\n");
    main
}
