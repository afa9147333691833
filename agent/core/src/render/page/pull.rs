//! A pull request: everything that its comment says, and what was cut there.

use super::{Frame, Markup, badge, commit, environment::told, environment_path, lines, plan};
use crate::{
    render::pull_request::{title, titles},
    report::pull_request::{PullReport, Purpose},
};

/// The page of a pull request.
pub fn pull(frame: &Frame<'_>, number: u64, report: &PullReport) -> Markup {
    let PullReport { base, base_commit, head, purpose, environments, diagnostics, problem, .. } = report;
    let mut main = Markup::new();
    main.html("<h1>Pull request #").text(&number.to_string()).html("</h1>\n<p class=\"lead\">");
    main.html(match purpose {
        Purpose::Preview => "Plan for ",
        Purpose::Deploy => "Deploy of ",
    });
    main.add(&commit(head)).html(" on <code>").text(base).html("</code>");
    if let Some(base_commit) = base_commit {
        main.html(", judged by the policies at ").add(&commit(base_commit));
    }
    main.html(".</p>\n<p>").add(&badge(Some(titles::worst(report)))).html(" ");
    main.text(&title(report)).html("</p>\n");
    if let Some(problem) = problem {
        main.add(&lines("problem", problem));
    }
    if !diagnostics.is_empty() {
        main.html("<h2>In files that no changed environment was read from</h2>\n");
        main.add(&plan::diagnostics(diagnostics));
    }
    if environments.len() > 1 {
        main.html("<ul class=\"contents\">\n");
        for environment in environments {
            main.html("<li><a href=\"#").text(environment.name.as_str()).html("\">");
            main.text(environment.name.as_str()).html("</a> ").add(&badge(Some(environment.status)));
            main.html("</li>\n");
        }
        main.html("</ul>\n");
    }
    for environment in environments {
        main.html("<section class=\"environment\" aria-labelledby=\"").text(environment.name.as_str());
        main.html("\">\n<h2 id=\"").text(environment.name.as_str()).html("\">");
        main.link(frame.prefix, &environment_path(&environment.name), environment.name.as_str());
        main.html("</h2>\n").add(&told(environment, *purpose, base)).html("</section>\n");
    }
    main
}
