//! A plan as a diff, what the policies say of it, and what is left alone.

use std::collections::BTreeMap;

use super::Markup;
use crate::{
    environment::Diagnostic,
    plan::{Action, Change, FieldChange, Plan},
    policy::Verdict,
    render::{cost, forecast, plan as words_of, rollout, start, words},
    report::Judged,
};

/// The whole plan, and the verdict.
pub(super) fn whole(id: &str, judged: &Judged) -> Markup {
    let Judged { plan, verdict } = judged;
    let mut main = Markup::new();
    main.html("<h3>Plan</h3>\n<p>");
    if plan.is_empty() {
        main.html("<strong>Nothing to do:</strong> what lives is what the file says.");
    } else {
        main.html("<strong>").text(&words_of::summary(plan.summary())).html("</strong>");
    }
    main.html(" Account <code>").text(&plan.account).html("</code>, <code>").text(&plan.region);
    main.html("</code>.</p>\n");
    if !plan.is_empty() {
        let disrupts = forecast::sentence(plan, ToString::to_string);
        main.html("<p>Disrupts: ").text(&disrupts).html(".</p>\n");
    }
    for begins in &plan.rollouts {
        main.html("<p>Rollout: ").text(&rollout::begins(begins)).html("</p>\n");
    }
    for sentence in start::alone(plan) {
        main.html("<p>Start: ").text(&sentence).html("</p>\n");
    }
    main.html("<p>Cost: ").text(&cost::sentence(&plan.cost)).html(".</p>\n");
    for unsettled in &plan.unsettled {
        main.html("<p>AWS is still at work on <code>").text(unsettled.address.as_str()).html("</code>: ");
        main.text(&unsettled.status).html(".</p>\n");
    }
    main.add(&policies(verdict)).add(&changes(id, plan)).add(&held(id, plan));
    main
}

fn policies(verdict: &Verdict) -> Markup {
    let mut main = Markup::new();
    let denials = verdict.denials().map(|finding| ("bad", "denied", finding, None));
    let warnings = verdict.warnings().map(|finding| ("ask", "warning", finding, None));
    let overridden = verdict.overridden().map(|(finding, by)| ("ask", "overridden", finding, Some(by)));
    let mut found = denials.chain(warnings).chain(overridden).peekable();
    if found.peek().is_none() {
        let rules = words::count(verdict.rules.len(), "policy rule", "policy rules");
        main.html("<p>").text(&rules).html(" asked; none objects.</p>\n");
        return main;
    }
    main.html("<ul class=\"findings\">\n");
    for (class, word, finding, by) in found {
        main.html("<li><span class=\"badge ").html(class).html("\">").html(word).html("</span> ");
        main.sentence(&finding.message).html(" <small>").text(&words_of::place(finding)).html("</small>");
        if let Some(by) = by {
            main.html("<small>").text(&words_of::by(by)).html("</small>");
        }
        main.html("</li>\n");
    }
    main.html("</ul>\n");
    main
}

/// Every change, with the fields that differ.
pub(super) fn changes(id: &str, plan: &Plan) -> Markup {
    let mut main = Markup::new();
    if plan.is_empty() {
        return main;
    }
    main.html("<details class=\"changes\" open id=\"changes-").text(id).html("\">\n<summary>");
    main.text(&words::count(plan.changes.len(), "change", "changes")).html("</summary>\n");
    for change in &plan.changes {
        main.add(&one(change));
    }
    main.html("</details>\n");
    main
}

fn one(change: &Change) -> Markup {
    let mut main = Markup::new();
    let class = match change.action {
        Action::Create | Action::Adopt => "add",
        Action::Update | Action::Rollout => "alter",
        Action::Replace | Action::Delete => "remove",
    };
    main.html("<div class=\"change ")
        .html(class)
        .html("\">\n<p class=\"head\"><span class=\"sign\" aria-hidden=\"true\">");
    main.html(words::sign(change.action)).html("</span> <span class=\"action\">");
    main.html(words::action(change.action)).html("</span> <code>").text(change.address.as_str());
    main.html("</code> <span class=\"kind\">").text(change.kind.title());
    let resource = change.desired.as_ref().map(|desired| &desired.resource);
    let resource = resource.or(change.observed.as_ref().map(|observed| &observed.resource));
    if let Some(resource) = resource {
        main.html(" ").text(&resource.spec().name());
    }
    main.html("</span></p>\n<p class=\"meta\">takes ").text(&forecast::short(change.impact.takes()));
    main.html(" · disrupts: ").text(&forecast::cell(change.impact.consequence, change.impact.lasts));
    if let Some(reason) = words::reason(change.reason) {
        main.html(" · ").html(reason);
    }
    main.html("</p>\n");
    if !change.fields.is_empty() {
        main.html("<dl class=\"fields\">\n");
        for field in &change.fields {
            main.add(&of_field(field));
        }
        main.html("</dl>\n");
    }
    main.html("</div>\n");
    main
}

fn of_field(field: &FieldChange) -> Markup {
    let FieldChange { field, rule, before, after, origin } = field;
    let mut main = Markup::new();
    main.html("<div><dt>").text(field).html(" <span class=\"rule\">").html(words::rule(*rule));
    if let Some(origin) = words::origin(*origin) {
        main.html(", <strong>").html(origin).html("</strong>");
    }
    main.html("</span></dt><dd><del>").text(&words::value(before)).html("</del> <ins>");
    main.text(&words::value(after)).html("</ins></dd></div>\n");
    main
}

fn held(id: &str, plan: &Plan) -> Markup {
    let mut main = Markup::new();
    if plan.held.is_empty() {
        return main;
    }
    let mut by_reason: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for held in &plan.held {
        by_reason.entry(words::held(&held.reason)).or_default().push(held.address.as_str());
    }
    main.html("<details id=\"held-").text(id).html("\">\n<summary>").text(&plan.held.len().to_string());
    main.html(" held: left alone on purpose</summary>\n<ul>\n");
    for (reason, addresses) in by_reason {
        main.html("<li>").text(&reason).html(": ");
        for (index, address) in addresses.iter().enumerate() {
            main.html(if index > 0 { ", " } else { "" }).html("<code>").text(address).html("</code>");
        }
        main.html("</li>\n");
    }
    main.html("</ul>\n</details>\n");
    main
}

/// Findings in files, each with its place and what to do.
pub(super) fn diagnostics(diagnostics: &[Diagnostic]) -> Markup {
    let mut main = Markup::new();
    main.html("<ul class=\"findings\">\n");
    for diagnostic in diagnostics {
        let class = if diagnostic.is_error() { "bad" } else { "ask" };
        main.html("<li><span class=\"badge ").html(class).html("\">").html(diagnostic.severity.as_str());
        main.html("</span> ");
        if let Some(place) = &diagnostic.place {
            main.html("<code>").text(&format!("{}:{}:{}", place.file, place.line, place.column));
            main.html("</code> ");
        }
        main.sentence(&diagnostic.message);
        if let Some(help) = &diagnostic.help {
            main.html("<small>Help: ").sentence(help).html("</small>");
        }
        main.html("</li>\n");
    }
    main.html("</ul>\n");
    main
}
