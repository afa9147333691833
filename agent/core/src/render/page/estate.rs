//! All environments, and the pull requests that are open.

use super::{Frame, Markup, badge, commit, environment_path, lines, moment, pull_path};
use crate::{
    render::{
        pull_request::{self, titles},
        words,
    },
    report::estate::{Estate, OpenPull, Standing},
};

/// The first page.
pub fn estate(frame: &Frame<'_>, estate: &Estate) -> Markup {
    let Estate { agent: _, repo, branch, commit: at, looked_at, problem, watches_drift, environments, pulls } =
        estate;
    let mut main = Markup::new();
    main.html("<h1>Environments</h1>\n<p class=\"lead\">").text(repo).html(", branch <code>").text(branch);
    main.html("</code>");
    if let Some(at) = at {
        main.html(" at ").add(&commit(at));
    }
    match looked_at {
        Some(time) => main.html(", looked at ").add(&moment(time)).html(".</p>\n"),
        None => main.html(". Nobody has looked there since the agent was started.</p>\n"),
    };
    if let Some(problem) = problem {
        main.html("<h2>The config repo could not be looked at</h2>\n").add(&lines("problem", problem));
    }
    if environments.is_empty() {
        main.html("<p>The branch describes no environment.</p>\n");
    } else {
        main.add(&table(frame, environments, *watches_drift));
    }
    main.html("<h2 id=\"pulls\">Open pull requests</h2>\n").add(&open_pulls(frame, pulls));
    main
}

fn table(frame: &Frame<'_>, environments: &[Standing], watches_drift: bool) -> Markup {
    let mut main = Markup::new();
    main.html(
        "<div class=\"wide\" role=\"region\" aria-label=\"Environments\" tabindex=\"0\">\n<table class=\"estate\">\n<thead><tr>\
         <th scope=\"col\">Environment</th><th scope=\"col\">Status</th><th scope=\"col\">Revision</th>\
         <th scope=\"col\">Drift</th><th scope=\"col\">Lock</th><th scope=\"col\" class=\"number\">A month</th>\
         <th scope=\"col\">Pull request</th></tr></thead>\n<tbody>\n",
    );
    for standing in environments {
        let Standing { name, status, revision, deployed_at, drift, lock, monthly, pull, rollouts } = standing;
        main.html("<tr><th scope=\"row\">").link(frame.prefix, &environment_path(name), name.as_str());
        main.html("</th>\n<td data-label=\"Status\">").add(&badge(*status));
        for line in rollouts {
            main.html("<small>").text(line).html("</small>");
        }
        main.html("</td>\n<td data-label=\"Revision\">");
        match revision {
            Some(revision) => main.add(&commit(revision)),
            None => main.html(NONE),
        };
        if let Some(at) = deployed_at {
            main.html("<small>").add(&moment(at)).html("</small>");
        }
        main.html("</td>\n<td data-label=\"Drift\">");
        match status {
            Some(_) => main.add(&drifted(*drift, watches_drift)),
            None => main.html(NONE),
        };
        main.html("</td>\n<td data-label=\"Lock\">");
        match lock {
            Some(holder) => main.text(if holder.who.is_empty() { "someone unknown" } else { &holder.who }),
            None if status.is_some() => main.html("free"),
            None => main.html(NONE),
        };
        main.html("</td>\n<td data-label=\"A month\" class=\"number\">");
        match monthly {
            Some(monthly) => main.text(&monthly.usual.to_string()),
            None => main.html(NONE),
        };
        main.html("</td>\n<td data-label=\"Pull request\">");
        match pull {
            Some(number) => main.link(frame.prefix, &pull_path(*number), &format!("#{number}")),
            None => main.html(NONE),
        };
        main.html("</td></tr>\n");
    }
    main.html("</tbody>\n</table>\n</div>\n");
    main
}

/// Nothing to show in a cell.
pub(super) const NONE: &str = "<span class=\"none\" aria-label=\"none\">–</span>";

/// How an environment differs from what was deployed.
pub(super) fn drifted(differences: usize, watches: bool) -> Markup {
    let mut cell = Markup::new();
    match differences {
        0 if watches => cell.html("none seen"),
        0 => cell.html("<span class=\"none\">not looked for</span>"),
        many => cell
            .html("<span class=\"badge ask\"><span aria-hidden=\"true\">!</span> ")
            .text(&words::count(many, "object differs", "objects differ"))
            .html("</span>"),
    };
    cell
}

/// Open pull requests, a line each.
pub(super) fn open_pulls(frame: &Frame<'_>, pulls: &[OpenPull]) -> Markup {
    let mut list = Markup::new();
    if pulls.is_empty() {
        list.html("<p>None.</p>\n");
        return list;
    }
    list.html("<ul class=\"pulls\">\n");
    for OpenPull { number, title, author, report } in pulls {
        list.html("<li>").link(frame.prefix, &pull_path(*number), &format!("#{number} {title}"));
        if !author.is_empty() {
            list.html(" <span class=\"by\">by ").text(author).html("</span>");
        }
        if let Some(report) = report {
            list.html("<br>").add(&badge(Some(titles::worst(report))));
            list.html(" ").text(&pull_request::title(report));
        }
        list.html("</li>\n");
    }
    list.html("</ul>\n");
    list
}
