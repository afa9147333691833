use std::collections::{BTreeMap, BTreeSet, HashMap};

use regorus::{Engine, Value};
use serde::Deserialize;

use super::{
    Asked, Cause, Effect, Excepted, Finding, Heard, JudgedRule, PolicySet, Verdict,
    error::Spot,
    limits,
    outcome::{self, Message, Outcome},
    overrides, phrases,
    rule::{self, Definition, JudgingRule, RuleKind},
};

/// Asks every rule.
pub(super) fn evaluate(set: &PolicySet, input: &serde_json::Value) -> Verdict {
    let mut asking = Asking::new(set, input);
    asking.undefined_names(input);
    asking.all_at_once();
    asking.verdict(input, &mut |_| {})
}

/// Asks every rule by itself, and tells which before it does.
pub(super) fn trace(set: &PolicySet, input: &serde_json::Value, tell: &mut dyn FnMut(&Asked)) -> Verdict {
    let mut asking = Asking::new(set, input);
    asking.undefined_names(input);
    asking.reset();
    asking.verdict(input, tell)
}

/// The verdict when the interpreter did not return.
pub(super) fn gave_up(set: &PolicySet) -> Verdict {
    let mut asking = Asking {
        set,
        engine: Engine::new(),
        input: Value::Undefined,
        all: None,
        verdict: Verdict::default(),
    };
    let place = set.rules.iter().find_map(|rule| rule.definitions.first());
    let (file, line) = place.map(|d| (d.file.clone(), d.line)).unwrap_or_default();
    asking.fail(
        (String::new(), String::new()),
        &file,
        line,
        "or another could not be judged: the interpreter gave up without saying why",
    );
    asking.verdict
}

/// Exceptions by package and by the name that they give the rule.
type Exceptions<'a> = HashMap<(&'a str, String), Excepted>;

/// A rule took longer than it may: nothing more is asked.
struct OutOfTime;

struct Asking<'a> {
    set: &'a PolicySet,
    engine: Engine,
    input: Value,
    /// The value of every rule, when all of them together took no longer than
    /// one may.
    all: Option<Value>,
    verdict: Verdict,
}

impl<'a> Asking<'a> {
    fn new(set: &'a PolicySet, input: &serde_json::Value) -> Self {
        // As data it always can be read.
        let input = Value::deserialize(input).unwrap_or(Value::Undefined);
        Self { set, engine: set.engine.clone(), input, all: None, verdict: Verdict::default() }
    }

    fn verdict(mut self, input: &serde_json::Value, tell: &mut dyn FnMut(&Asked)) -> Verdict {
        // Out of time is a finding by now.
        let _ = self.every_rule(tell);
        self.whoever_was_not_asked();
        let text = |value: Option<&serde_json::Value>| {
            value.and_then(|value| value.as_str()).unwrap_or_default().to_owned()
        };
        let name = text(input.get("environment").and_then(|environment| environment.get("name")));
        overrides::apply(&self.set.overrides, &name, &text(input.get("now")), &mut self.verdict);
        self.verdict.sort();
        self.verdict
    }

    /// After a failure: what the interpreter was doing is still in it.
    fn reset(&mut self) {
        self.engine = self.set.engine.clone();
        self.engine.set_input(self.input.clone());
    }

    /// Evaluates everything in one go: several times as fast as rule by rule,
    /// which is for when something is wrong, to say what.
    fn all_at_once(&mut self) {
        self.engine.set_input(self.input.clone());
        self.all = self.engine.eval_modules(false).ok();
        if self.all.is_none() {
            self.reset();
        }
    }

    fn every_rule(&mut self, tell: &mut dyn FnMut(&Asked)) -> Result<(), OutOfTime> {
        let set = self.set;
        let exceptions = self.exceptions(tell)?;
        for rule in &set.rules {
            if let RuleKind::Judges(effect) = rule.kind {
                rule.asked().iter().for_each(&mut *tell);
                let name = (rule.package.as_str(), rule.exception_name().to_owned());
                self.judge(rule, effect, exceptions.get(&name))?;
            }
        }
        Ok(())
    }

    fn whoever_was_not_asked(&mut self) {
        let asked = self.verdict.rules.len();
        let judging = self.set.rules.iter().filter_map(|rule| match (rule.kind, rule.definitions.first()) {
            (RuleKind::Judges(effect), Some(first)) => Some((effect, rule, first)),
            _ => None,
        });
        self.verdict.rules.extend(judging.skip(asked).map(|(effect, rule, first)| JudgedRule {
            effect,
            package: rule.package.clone(),
            rule: rule.name.clone(),
            file: first.file.clone(),
            line: first.line,
            messages: 0,
            heard: Heard::NotAsked,
        }));
    }

    fn undefined_names(&mut self, input: &serde_json::Value) {
        for name in &self.set.input_names {
            if input.get(&name.name).is_some() {
                continue;
            }
            let who = rule::around(self.engine.get_modules(), &name.file, name.line);
            let has: Vec<&str> = input.as_object().into_iter().flatten().map(|(k, _)| k.as_str()).collect();
            self.fail(
                who,
                &name.file,
                name.line,
                &format!(
                    "reads `input.{}`, which does not exist: the rule would be silent, not satisfied. The input has: {}",
                    name.name,
                    if has.is_empty() { "nothing".to_owned() } else { has.join(", ") },
                ),
            );
        }
    }

    fn exceptions(&mut self, tell: &mut dyn FnMut(&Asked)) -> Result<Exceptions<'a>, OutOfTime> {
        let mut exceptions = HashMap::new();
        let set = self.set;
        for rule in set.rules.iter().filter(|rule| rule.kind == RuleKind::Excepts) {
            let Some(first) = rule.definitions.first() else { continue };
            rule.asked().iter().for_each(&mut *tell);
            let Some(value) = self.value(rule)? else { continue };
            let excepted = outcome::exceptions(&value);
            let places = self.places(rule, excepted.iter().map(|(given, _)| (given, "")));
            for (given, names) in excepted {
                let at = places.get(&given).copied().unwrap_or(first);
                match names {
                    Ok(names) => exceptions.extend(names.into_iter().map(|name| {
                        let place = Excepted { file: at.file.clone(), line: at.line };
                        ((rule.package.as_str(), name), place)
                    })),
                    Err(shape) => self.wrong_shape(
                        rule,
                        at,
                        &format!("{shape}; write `exception contains [\"NAME\"] if {{ … }}`, where NAME is `size` for the rule `deny_size`"),
                    ),
                }
            }
        }
        Ok(exceptions)
    }

    fn judge(
        &mut self,
        rule: &'a JudgingRule,
        effect: Effect,
        excepted: Option<&Excepted>,
    ) -> Result<(), OutOfTime> {
        let Some(first) = rule.definitions.first() else { return Ok(()) };
        let mut judged = JudgedRule {
            effect,
            package: rule.package.clone(),
            rule: rule.name.clone(),
            file: first.file.clone(),
            line: first.line,
            messages: 0,
            heard: Heard::Failed,
        };
        let value = match self.value(rule) {
            Ok(Some(value)) => value,
            failed => {
                self.verdict.rules.push(judged);
                return failed.map(drop);
            }
        };
        let outcomes = outcome::outcomes(&value);
        let count = outcomes.len();
        judged.messages = count;
        judged.heard = match (&value, count) {
            (Value::Undefined, _) => Heard::Undefined,
            (_, 0) => Heard::Silent,
            _ => Heard::Spoke,
        };
        self.verdict.rules.push(judged);
        let places = self.places(
            rule,
            outcomes.iter().map(|(given, outcome)| match outcome {
                Outcome::Says(message, _) => (given, message.text.as_str()),
                Outcome::WrongShape(_) => (given, ""),
            }),
        );
        for (given, outcome) in outcomes.into_iter().take(limits::MESSAGES) {
            let at = places.get(&given).copied().unwrap_or(first);
            match outcome {
                Outcome::WrongShape(shape) => self.wrong_shape(
                    rule,
                    at,
                    &format!("{shape}; write `{} contains message if {{ … }}` with a string, or an object with a string `msg`", rule.name),
                ),
                Outcome::Says(Message { text, path }, details) => {
                    self.verdict.findings.push(Finding {
                        effect,
                        cause: Cause::Policy,
                        package: rule.package.clone(),
                        rule: rule.name.clone(),
                        message: text,
                        path,
                        details,
                        file: at.file.clone(),
                        line: at.line,
                        excepted: excepted.cloned(),
                        overridden: None,
                    });
                }
            }
        }
        if count > limits::MESSAGES {
            let message = format!("has {count} messages; only {} are kept", limits::MESSAGES);
            self.fail(rule.who(), &first.file, first.line, &message);
        }
        Ok(())
    }

    /// A rule's value; nothing, and a denial, when it has none to give.
    fn value(&mut self, rule: &JudgingRule) -> Result<Option<Value>, OutOfTime> {
        if let Some(all) = &self.all {
            let path = rule.components();
            return Ok(Some(path.iter().fold(all.clone(), |value, name| value[name.as_str()].clone())));
        }
        let error = match evaluated(&mut self.engine, rule.path()) {
            Ok(value) => return Ok(Some(value)),
            Err(error) => error,
        };
        self.reset();
        let spot = Spot::read(&error);
        let (file, line) = match (spot.file, rule.definitions.first()) {
            (Some(file), _) => (file, spot.line),
            (None, Some(first)) => (first.file.clone(), first.line),
            (None, None) => (String::new(), 0),
        };
        let out_of_time = error.contains("exceeded time limit");
        let message = if out_of_time {
            format!("takes longer than {:?}; no more rules were asked", limits::timer().limit)
        } else {
            format!("cannot be evaluated: {}", spot.message)
        };
        self.fail(rule.who(), &file, line, &message);
        if out_of_time { Err(OutOfTime) } else { Ok(None) }
    }

    /// Which definition gives which part of a rule's value. Where the words of
    /// a message are those of one definition, it is that one; for the rest, each
    /// is evaluated alone, until each part that is `sought` has its own. The
    /// value itself never comes from here.
    fn places<'v>(
        &mut self,
        rule: &'a JudgingRule,
        sought: impl Iterator<Item = (&'v Value, &'v str)>,
    ) -> BTreeMap<Value, &'a Definition> {
        let mut places = BTreeMap::new();
        if rule.definitions.len() < 2 {
            return places;
        }
        let mut unknown = BTreeSet::new();
        for (given, text) in sought {
            let mut from = rule.definitions.iter().filter(|it| phrases::says(&it.phrases, text));
            match (from.next(), from.next()) {
                (Some(only), None) => {
                    places.insert(given.clone(), only);
                }
                _ => {
                    unknown.insert(given);
                }
            }
        }
        let path = rule.components();
        for definition in &rule.definitions {
            if unknown.is_empty() {
                break;
            }
            let data = self.engine.eval_rule_in_module(&definition.module, &definition.rule, false);
            let Ok(data) = data else {
                self.reset();
                continue;
            };
            let alone = path.iter().fold(data, |value, name| value[name.as_str()].clone());
            for (given, _) in outcome::outcomes(&alone) {
                unknown.remove(&given);
                places.entry(given).or_insert(definition);
            }
        }
        places
    }

    fn wrong_shape(&mut self, rule: &JudgingRule, at: &Definition, shape: &str) {
        let what = format!("has a wrong shape: it gives {shape}");
        self.fail(rule.who(), &at.file, at.line, &what);
    }

    /// A denial because something could not be heard; `who` are the package and
    /// the rule, empty when no rule in particular is meant.
    fn fail(&mut self, who: (String, String), file: &str, line: u32, what: &str) {
        let (package, name) = who;
        let who = match name.as_str() {
            "" => "this file".to_owned(),
            _ => format!("the rule `{package}.{name}`"),
        };
        self.verdict.findings.push(Finding {
            effect: Effect::Deny,
            cause: Cause::Failure,
            message: format!("{who} {what}"),
            package,
            rule: name,
            path: None,
            details: BTreeMap::new(),
            file: file.to_owned(),
            line,
            excepted: None,
            overridden: None,
        });
    }
}

/// The value at a path such as `data.web.deny`.
pub(super) fn evaluated(engine: &mut Engine, path: String) -> Result<Value, String> {
    // As a query and not as a rule: `deny["x"] := …` defines no rule `deny`.
    let results = engine.eval_query(path, false).map_err(|error| format!("{error:#}"))?;
    let first = results.result.into_iter().next().and_then(|r| r.expressions.into_iter().next());
    Ok(first.map_or(Value::Undefined, |expression| expression.value))
}
