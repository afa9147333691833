//! `[requirements.STAGE]` as it is written, in the operator's own file and in
//! the config repo's.

use std::ops::Range;

use serde::Deserialize;
use toml::{
    Spanned, Value,
    de::{DeValue, ValueDeserializer},
    value::Datetime,
};

use super::{Applies, Freeze, MOST_APPROVALS, Requirements, Stages, Who};
use crate::{
    environment::nearest,
    scalar::{Cron, Duration, Moment},
};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, in bytes; none when the whole file is meant.
    pub span: Option<Range<usize>>,
    /// What, a line without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StageSection {
    approvals: Option<Spanned<i64>>,
    approvers: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    mergeable: bool,
    #[serde(default)]
    up_to_date: bool,
    apply: Option<Spanned<String>>,
    #[serde(default)]
    freeze: Vec<Spanned<FreezeSection>>,
    #[serde(default)]
    break_glass: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FreezeSection {
    from: Spanned<Value>,
    #[serde(rename = "for")]
    lasts: Option<Spanned<Duration>>,
    to: Option<Spanned<Datetime>>,
    reason: Spanned<String>,
}

/// The table `requirements`: a section for each stage.
///
/// # Errors
///
/// Everything that is wrong with it, at least one for each stage.
pub fn section(table: Spanned<DeValue<'_>>) -> Result<Stages, Vec<Fault>> {
    let span = table.span();
    let DeValue::Table(table) = table.into_inner() else {
        let help = "write a section `[requirements.STAGE]` for each stage";
        return Err(vec![fault(span, "`requirements` is not a table", help)]);
    };
    let mut stages = Stages::new();
    let mut reader = Reader { faults: Vec::new() };
    for (name, value) in table {
        let (at, name) = (name.span(), name.into_inner().into_owned());
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(plain) {
            let message = format!("[requirements] `{}` cannot be a stage", short(&name));
            reader.fail(at, message, "write the first segment of environments' names, such as `production`");
            continue;
        }
        if !matches!(value.get_ref(), DeValue::Table(_)) {
            let message = format!("[requirements] `{name}` is not a section");
            reader.fail(at, message, "write it under the stage that it is for: `[requirements.production]`");
            continue;
        }
        let span = value.span();
        match StageSection::deserialize(ValueDeserializer::from(value)) {
            Ok(section) => {
                let requirements = reader.requirements(&name, at, section);
                stages.insert(name, requirements);
            }
            Err(error) => reader.refused(&name, span, &error),
        }
    }
    reader.faults.sort_by_key(|fault| fault.span.as_ref().map_or(0, |span| span.start));
    if reader.faults.is_empty() { Ok(stages) } else { Err(reader.faults) }
}

struct Reader {
    faults: Vec<Fault>,
}

impl Reader {
    fn fail(&mut self, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(fault(span, message, help));
    }

    /// What the reader of TOML says, with help that fits it.
    fn refused(&mut self, stage: &str, section: Range<usize>, error: &toml::de::Error) {
        const KEYS: [&str; 7] =
            ["approvals", "approvers", "mergeable", "up_to_date", "apply", "freeze", "break_glass"];
        const OF_FREEZE: [&str; 4] = ["from", "for", "to", "reason"];
        let said = error.message().lines().next().unwrap_or_default();
        let span = error.span().unwrap_or(section);
        let (message, help) = if let Some(rest) = said.strip_prefix("unknown field `") {
            let (key, known) = rest.split_once('`').unwrap_or((rest, ""));
            let known: &[&str] = if known.contains("`approvals`") { &KEYS } else { &OF_FREEZE };
            let help = nearest(key, known.iter().copied()).map_or_else(
                || format!("known here: {}", known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            (format!("there is no key `{}`", short(key)), help)
        } else if let Some(rest) = said.strip_prefix("missing field `") {
            let key = rest.trim_end_matches('`');
            (format!("a window lacks `{key}`"), format!("write `{key} = …` in it"))
        } else {
            (short(&said.replace("expected i64", "expected a whole number")), "correct the value".to_owned())
        };
        self.fail(span, format!("[requirements.{stage}] {message}"), help);
    }

    fn requirements(&mut self, stage: &str, at: Range<usize>, section: StageSection) -> Requirements {
        let StageSection { approvals, approvers, mergeable, up_to_date, apply, freeze, break_glass } =
            section;
        let apply = apply.and_then(|apply| match apply.get_ref().as_str() {
            "after_merge" => Some(Applies::AfterMerge),
            "before_merge" => Some(Applies::BeforeMerge),
            other => {
                let message = format!("[requirements.{stage}] `{}` is no time to apply", short(other));
                self.fail(apply.span(), message, "write `after_merge` or `before_merge`, or leave it out");
                None
            }
        });
        // What is applied must be what a merge would make of the branch.
        let early = apply == Some(Applies::BeforeMerge);
        let (mergeable, up_to_date) = (mergeable || early, up_to_date || early);
        let listed = approvers.as_ref().map(Spanned::span);
        let approvers = approvers.map_or_else(Vec::new, Spanned::into_inner);
        let names_some = !approvers.is_empty();
        let approvers = self.people(stage, approvers);
        let given = approvals.as_ref().map(Spanned::span);
        let asked = approvals.map_or(i64::from(names_some), Spanned::into_inner);
        let approvals = u8::try_from(asked).unwrap_or(u8::MAX);
        let place = given.or(listed).unwrap_or(at);
        if approvals > MOST_APPROVALS {
            let help = format!("write a number from 0 to {MOST_APPROVALS}");
            self.fail(place.clone(), format!("[requirements.{stage}] `approvals` is out of range"), help);
        } else if approvals == 0 && names_some {
            let message =
                format!("[requirements.{stage}] there are `approvers`, and no approval is asked for");
            self.fail(place.clone(), message, "write `approvals = 1`, or leave `approvers` out");
        }
        let only_people = approvers.iter().all(|who| matches!(who, Who::Person(_)));
        if names_some
            && only_people
            && approvers.len() < usize::from(approvals)
            && approvals <= MOST_APPROVALS
        {
            let message = format!(
                "[requirements.{stage}] {approvals} approvals are asked for, and {} can give one",
                approvers.len()
            );
            self.fail(place, message, "ask for fewer, or name more `approvers`");
        }
        let freeze = freeze.into_iter().filter_map(|window| self.freeze(stage, window)).collect();
        let break_glass = self.people(stage, break_glass);
        Requirements { approvals, approvers, mergeable, up_to_date, apply, freeze, break_glass }
    }

    fn people(&mut self, stage: &str, list: Vec<Spanned<String>>) -> Vec<Who> {
        let mut people = Vec::new();
        for name in list {
            match name.get_ref().parse::<Who>() {
                Ok(who) if people.contains(&who) => {
                    let message = format!("[requirements.{stage}] `{who}` is named twice");
                    self.fail(name.span(), message, "name everybody once");
                }
                Ok(who) => people.push(who),
                Err(error) => {
                    let message = format!("[requirements.{stage}] {}", short(&error.message));
                    self.fail(name.span(), message, error.help);
                }
            }
        }
        people
    }

    fn freeze(&mut self, stage: &str, window: Spanned<FreezeSection>) -> Option<Freeze> {
        let at = window.span();
        let FreezeSection { from, lasts, to, reason } = window.into_inner();
        let reason = reason.into_inner();
        if reason.trim().is_empty() || reason.len() > 300 {
            let help = "say in a sentence, of 300 characters at most, why nothing is applied then";
            self.fail(at, format!("[requirements.{stage}] a window's `reason` is empty or too long"), help);
            return None;
        }
        match (from.get_ref(), lasts, to) {
            (Value::String(text), Some(lasts), None) => {
                let cron = text.parse::<Cron>().map_err(|error| (error.message, error.help));
                let cron = cron.and_then(|cron| match cron.in_every_year() {
                    true => Ok(cron),
                    false => Err((
                        format!("`{cron}` is of some years only"),
                        "write five fields, or `from` and `to` as times".to_owned(),
                    )),
                });
                if lasts.get_ref().seconds() == 0 {
                    let message = format!("[requirements.{stage}] a window is no time long");
                    self.fail(lasts.span(), message, "write at least `1s`");
                    return None;
                }
                match cron {
                    Ok(from) => Some(Freeze::Recurring { from, lasts: lasts.into_inner(), reason }),
                    Err((message, help)) => {
                        self.fail(from.span(), format!("[requirements.{stage}] {}", short(&message)), help);
                        None
                    }
                }
            }
            (Value::Datetime(begin), None, Some(to)) => {
                let help = "write date, time and offset, such as `2031-12-20T00:00:00Z`";
                let (Some(from_ms), Some(to_ms)) = (milliseconds(begin), milliseconds(to.get_ref())) else {
                    self.fail(at, format!("[requirements.{stage}] a window's time is not a moment"), help);
                    return None;
                };
                if from_ms >= to_ms {
                    let message = format!("[requirements.{stage}] a window ends before it begins");
                    self.fail(to.span(), message, "write a later `to`");
                    return None;
                }
                Some(Freeze::Once { from_ms, to_ms, reason })
            }
            _ => {
                let help = "write `from = \"0 17 * * FRI\", for = \"63h\"`, or both `from` and `to` as times such as \
                            `2031-12-20T00:00:00Z`";
                self.fail(at, format!("[requirements.{stage}] it is not clear when a window is open"), help);
                None
            }
        }
    }
}

fn fault(span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Fault {
    Fault { span: Some(span), message: message.into(), help: help.into() }
}

/// In Unix milliseconds; none without date, time and offset, or before 1970.
fn milliseconds(time: &Datetime) -> Option<u64> {
    Moment::of_toml(time)?.milliseconds()
}

/// What people wrote, no longer than is read.
fn short(text: &str) -> String {
    text.chars().take(200).collect()
}
