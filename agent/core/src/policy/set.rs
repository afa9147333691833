use std::collections::{BTreeMap, BTreeSet};

use regorus::{Engine, Value};

use super::{
    PolicyError, Verdict, data, evaluate, limits, nesting,
    overrides::{self, Override},
    rule::{self, JudgingRule},
    undefined::{self, InputName},
};

/// The policies of one revision, ready to judge.
#[derive(Clone, Debug)]
pub struct PolicySet {
    pub(super) engine: Engine,
    pub(super) rules: Vec<JudgingRule>,
    pub(super) input_names: Vec<InputName>,
    pub(super) overrides: Vec<Override>,
    /// `*_test.rego`: path, text.
    pub(super) tests: BTreeMap<String, String>,
}

impl PolicySet {
    /// From all files of the policy folder, by path.
    ///
    /// `*.rego` are policies, `*_test.rego` their tests, `data/NAME.json` and
    /// `data/NAME.toml` are `data.NAME`, among them `data/overrides.toml`; other
    /// files are left alone. Rego is
    /// read as v1, and as v0 where only that fits and the file does not say
    /// `import rego.v1`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong in any file, in the order of the files.
    pub fn load(files: &BTreeMap<String, String>) -> Result<Self, Vec<PolicyError>> {
        limits::on_large_stack(|| Self::read(files)).unwrap_or_else(|| {
            let first = files.keys().next().map(String::as_str).unwrap_or_default();
            Err(vec![PolicyError::of_file(
                first,
                "the interpreter gave up on the policies without saying why",
                "find the file by leaving out one after the other, and report it",
            )])
        })
    }

    /// The same on the stack of the caller.
    pub(super) fn read(files: &BTreeMap<String, String>) -> Result<Self, Vec<PolicyError>> {
        let mut errors = sizes(files);
        errors.extend(nesting::check(files));
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut engine = Engine::new();
        // An error in a builtin is an error, not silence: silence would allow.
        engine.set_strict_builtin_errors(true);
        engine.set_execution_timer_config(limits::timer());
        let mut tests = BTreeMap::new();
        let mut input_names = Vec::new();
        let mut data_names: BTreeMap<&str, &str> = BTreeMap::new();
        for (path, text) in files {
            let result = if path.ends_with("_test.rego") {
                tests.insert(path.clone(), text.clone());
                add(&mut engine.clone(), path, text)
            } else if path.ends_with(".rego") {
                input_names.extend(undefined::names(path, text));
                add(&mut engine, path, text)
            } else if data::is_data(path) {
                match data_names.insert(data::name(path), path) {
                    Some(other) => Err(PolicyError::of_file(
                        path,
                        format!("`{other}` has the same name, and both would be `data.{}`", data::name(path)),
                        "rename one of them",
                    )),
                    None => add_data(&mut engine, path, text),
                }
            } else {
                Ok(())
            };
            errors.extend(result.err());
        }
        errors.extend(check(&mut engine, &data_names).err());
        errors.sort();
        if !errors.is_empty() {
            return Err(errors);
        }
        let rules = rule::judging_rules(engine.get_modules());
        let file = files.iter().find(|(path, _)| overrides::is_file(path));
        let overrides = file.map(|(path, text)| overrides::read(path, text, &rules)).transpose()?;
        Ok(Self { engine, rules, input_names, overrides: overrides.unwrap_or_default(), tests })
    }

    /// What every rule says about this input, a serialised
    /// [`PolicyInput`](super::PolicyInput). Never fails: what goes wrong is a
    /// denial.
    pub fn evaluate(&self, input: &serde_json::Value) -> Verdict {
        limits::on_large_stack(|| evaluate::evaluate(self, input)).unwrap_or_else(|| evaluate::gave_up(self))
    }
}

/// Adds one Rego file.
pub(super) fn add(engine: &mut Engine, path: &str, text: &str) -> Result<(), PolicyError> {
    let mut parse = |v0: bool| {
        engine.set_rego_v0(v0);
        engine.add_policy(path.to_owned(), text.to_owned()).map(drop).map_err(|error| {
            PolicyError::from_rego(
                &error.to_string(),
                path,
                if v0 {
                    "this is neither Rego v1 nor v0; it is easiest to correct it towards v1: `deny contains message if { … }`"
                } else {
                    "correct the syntax (Rego v1): `deny contains message if { … }`"
                },
            )
        })
    };
    let says_v1 = text.lines().any(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some("import") && words.next() == Some("rego.v1")
    });
    let Err(error) = parse(false) else { return Ok(()) };
    if says_v1 {
        return Err(error);
    }
    // Whichever language got further is the one that was meant.
    parse(true).map_err(|old| if (old.line, old.column) > (error.line, error.column) { old } else { error })
}

fn add_data(engine: &mut Engine, path: &str, text: &str) -> Result<(), PolicyError> {
    let value = serde_json::json!({ data::name(path): data::read(path, text)? });
    engine
        .add_data(Value::from(value))
        .map_err(|error| PolicyError::from_rego(&error.to_string(), path, "correct the data file"))
}

/// What can only be seen with all files together.
fn check(engine: &mut Engine, data: &BTreeMap<&str, &str>) -> Result<(), PolicyError> {
    let modules = engine.get_modules();
    let rules: usize = modules.iter().map(|module| module.policy.len()).sum();
    let first = modules.first().map(|m| m.package.span.source.file().clone()).unwrap_or_default();
    if rules > limits::RULES {
        return Err(PolicyError::of_file(
            &first,
            format!("there are {rules} rules in all files; the limit is {}", limits::RULES),
            "remove what is not needed, or move values into data files",
        ));
    }
    let roots: BTreeSet<&str> =
        modules.iter().filter_map(|m| m.package.refr.span().text().split(['.', '[']).next()).collect();
    if let Some((name, path)) = data.iter().find(|(name, _)| roots.contains(**name)) {
        return Err(PolicyError::of_file(
            path,
            format!("a package begins with `{name}` too, and both would be `data.{name}`"),
            "rename the data file or the package",
        ));
    }
    // Evaluating anything resolves every name and orders every rule's body.
    engine
        .eval_query("true".to_owned(), false)
        .map(drop)
        .map_err(|error| PolicyError::from_rego(&format!("{error:#}"), &first, "correct the rule"))
}

fn sizes(files: &BTreeMap<String, String>) -> Vec<PolicyError> {
    let help = "remove what is not needed, or split it";
    let mut errors = Vec::new();
    let total: usize = files.values().map(String::len).sum();
    if let Some(path) = files.keys().next()
        && (files.len() > limits::FILES || total > limits::TOTAL_BYTES)
    {
        let message = format!(
            "there are {} policy files with {total} bytes; the limits are {} files and {} bytes",
            files.len(),
            limits::FILES,
            limits::TOTAL_BYTES
        );
        errors.push(PolicyError::of_file(path, message, help));
    }
    for (path, text) in files.iter().filter(|(_, text)| text.len() > limits::FILE_BYTES) {
        let message = format!("the file has {} bytes; the limit is {}", text.len(), limits::FILE_BYTES);
        errors.push(PolicyError::of_file(path, message, help));
    }
    errors
}
