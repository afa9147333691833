//! One environment: what stands, what is under way, what went wrong.

use super::{
    Frame, Markup, badge, commit,
    estate::{NONE, drifted, open_pulls},
    lines, moment, plan, progress, pull_path, sides,
};
use crate::{
    render::{
        cost::scaling,
        event::holder_words,
        pull_request::{self, environment as words_of},
    },
    report::{
        estate::{EnvironmentView, Standing},
        pull_request::{EnvironmentReport, Purpose},
    },
    rollout::Track,
};

/// The page of an environment.
pub fn environment(frame: &Frame<'_>, view: &EnvironmentView) -> Markup {
    let EnvironmentView { agent: _, standing, told: last, tracks, failures, drift, pulls } = view;
    let mut main = Markup::new();
    main.html("<h1>").text(standing.name.as_str()).html("</h1>\n");
    main.add(&facts(frame, standing));
    if let Some(last) = last {
        main.html("<section aria-labelledby=\"last\">\n<h2 id=\"last\">");
        main.html("Deploy of ").add(&commit(&last.head)).html("</h2>\n");
        main.add(&told(&last.report, last.purpose, &last.base)).html("</section>\n");
    } else if !failures.is_empty() {
        main.html("<h2>What failed in the last run</h2>\n<div class=\"problem\">");
        for failure in failures {
            main.html("<p>").text(failure).html("</p>");
        }
        main.html("</div>\n");
    }
    if last.as_ref().is_none_or(|last| last.report.sides.is_empty()) {
        main.add(&standing_sides(tracks));
    }
    if let Some(drift) = drift.as_ref().filter(|drift| !drift.plan.is_empty()) {
        main.html("<section aria-labelledby=\"drift\">\n<h2 id=\"drift\">Drift</h2>\n<p>What lives differs from what was deployed. Deploying would do this:</p>\n");
        main.add(&plan::changes("drift", &drift.plan)).html("</section>\n");
    }
    if !pulls.is_empty() {
        main.html("<h2>Open pull requests that change it</h2>\n").add(&open_pulls(frame, pulls));
    }
    main
}

fn facts(frame: &Frame<'_>, standing: &Standing) -> Markup {
    let Standing { name: _, status, revision, deployed_at, drift, lock, monthly, pull, rollouts: _ } =
        standing;
    let mut facts = Markup::new();
    facts.html("<dl class=\"facts\">\n<div><dt>Status</dt><dd>").add(&badge(*status)).html("</dd></div>\n");
    facts.html("<div><dt>Revision</dt><dd>");
    match revision {
        Some(revision) => facts.add(&commit(revision)),
        None => facts.html(NONE),
    };
    if let Some(at) = deployed_at {
        facts.html(" since ").add(&moment(at));
    }
    facts.html("</dd></div>\n<div><dt>Lock</dt><dd>");
    match lock {
        Some(holder) => facts.text("held by ").text(&holder_words(holder)),
        None => facts.html("free"),
    };
    facts.html("</dd></div>\n<div><dt>A month</dt><dd>");
    match monthly {
        Some(monthly) => {
            facts.text(&monthly.usual.to_string());
            if let Some(bounds) = scaling(monthly) {
                facts.html(" (").text(&bounds).html(" as it scales)");
            }
        }
        None => {
            facts.html(NONE);
        }
    }
    facts.html("</dd></div>\n");
    if *drift > 0 {
        facts.html("<div><dt>Drift</dt><dd>").add(&drifted(*drift, true)).html("</dd></div>\n");
    }
    if let Some(number) = pull {
        facts.html("<div><dt>Pull request</dt><dd>");
        facts.link(frame.prefix, &pull_path(*number), &format!("#{number}")).html("</dd></div>\n");
    }
    facts.html("</dl>\n");
    facts
}

/// Which side serves, where no rollout is under way that is shown otherwise.
fn standing_sides(tracks: &[(String, Track)]) -> Markup {
    let mut main = Markup::new();
    if tracks.is_empty() {
        return main;
    }
    main.html("<h2>Which side serves</h2>\n<ul>\n");
    for (service, track) in tracks {
        let line = crate::render::paint::without(&crate::render::rollout::in_a_line(service, track));
        main.html("<li>").text(&line).html("</li>\n");
    }
    main.html("</ul>\n");
    main
}

/// All that was told of an environment: the same as the comment says, whole.
pub(super) fn told(report: &EnvironmentReport, purpose: Purpose, base: &str) -> Markup {
    let EnvironmentReport {
        name,
        status,
        judged,
        outcome,
        problem,
        diagnostics,
        remarks: _,
        progress: steps,
        rollouts,
        sides: both,
        behind,
        again,
        others: _,
        needs: _,
        notes,
    } = report;
    let mut main = Markup::new();
    main.html("<p>").add(&badge(Some(*status))).html(" ");
    main.text(&pull_request::environment_title(report)).html("</p>\n");
    let mut say = |sentence: &str| {
        if !sentence.trim().is_empty() {
            main.html("<p>").sentence(sentence.trim()).html("</p>\n");
        }
    };
    say(words_of::remark(*status));
    if purpose == Purpose::Deploy {
        say(&words_of::next_try(name, *status, *again));
    }
    if *behind {
        say(&format!(
            "`{base}` changed this environment since the pull request's branch left it; bring the branch up to date to see the plan of both."
        ));
    }
    for note in notes {
        say(note);
    }
    if let Some(problem) = problem {
        main.add(&lines("problem", problem));
    }
    if !diagnostics.is_empty() {
        main.add(&plan::diagnostics(diagnostics));
    }
    main.add(&sides::rollouts(both, rollouts));
    if let Some(outcome) = outcome {
        main.add(&progress::outcome(outcome));
    }
    main.add(&progress::steps(name.as_str(), steps));
    if let Some(judged) = judged {
        main.add(&plan::whole(name.as_str(), judged));
    }
    main
}
