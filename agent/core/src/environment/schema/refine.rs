//! What the checks of meaning refuse, as far as JSON Schema can say it: for
//! editors only, since the checks themselves say it in better words. What
//! compares values or follows references cannot be said here.

use serde_json::{Value, json};

/// In which files a rule holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Where nothing may be missing.
    Whole,
    /// In a base or an heir, too, where another file may say the rest.
    Part,
}

/// A definition's name, where its rule holds, and the rule.
type Rule = (&'static str, Extent, Value);

/// Names of blocks: letters, digits and single hyphens.
const NAME: &str = "^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$";
const VARIABLE: &str = "^[A-Za-z_][A-Za-z0-9_]{0,254}$";
const ROLE: &str = "^arn:[^:]+:iam:[^:]*:[^:]*:role/";
const UUID: &str = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";
const LABEL: &str = "[A-Za-z0-9_*?]([A-Za-z0-9_*?-]*[A-Za-z0-9_*?])?";
const TAG: &str = "[\\p{L}\\p{M}\\p{N} +=._:/@-]";

/// Adds what holds to each definition of a schema. The names of a part's
/// definitions end with `Part`.
pub(super) fn refine(schema: &mut Value, extent: Extent) {
    without_references(schema);
    let suffix = match extent {
        Extent::Whole => "",
        Extent::Part => "Part",
    };
    for (definition, holds, rule) in rules() {
        if holds == Extent::Whole && extent == Extent::Part {
            continue;
        }
        let target = match definition {
            "" => Some(&mut *schema),
            name => schema.get_mut("$defs").and_then(|all| all.get_mut(format!("{name}{suffix}"))),
        };
        if let Some(Value::Object(target)) = target
            && let Value::Array(all) = target.entry("allOf").or_insert_with(|| json!([]))
        {
            all.push(rule);
        }
    }
}

/// Text in which nothing is replaced holds no reference.
fn without_references(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(without_references),
        Value::Object(object) => {
            object.values_mut().for_each(without_references);
            let plain = ["format", "enum", "const"].iter().all(|key| !object.contains_key(*key));
            if plain && object.get("type") == Some(&json!("string")) {
                object.insert("not".to_owned(), json!({ "pattern": "\\$\\{" }));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn rules() -> Vec<Rule> {
    [environment(), network(), traffic(), services(), caches(), operation()].concat()
}

/// A field's values, where it is written.
fn field(name: &str, values: &Value) -> Value {
    json!({ "properties": { name: values } })
}

fn fields<const N: usize>(names: [&str; N], values: &Value) -> Value {
    names.into_iter().map(|name| field(name, values)).fold(json!({ "properties": {} }), |mut all, one| {
        if let (Some(Value::Object(all)), Value::Object(one)) =
            (all.get_mut("properties"), &one["properties"])
        {
            all.extend(one.clone());
        }
        all
    })
}

fn not_both(one: &str, other: &str) -> Value {
    json!({ "not": { "required": [one, other] } })
}

fn environment() -> Vec<Rule> {
    let names = json!({ "propertyNames": { "pattern": NAME, "maxLength": 64 } });
    let tags = json!({
        "maxProperties": 40,
        "propertyNames": { "pattern": format!("^{TAG}{{1,128}}$"), "not": { "pattern": "^([aA][wW][sS]|pointsman):" } },
        "additionalProperties": { "pattern": format!("^{TAG}{{0,256}}$") },
    });
    vec![
        (
            "",
            Extent::Part,
            fields(["external", "secret", "cache", "load_balancer", "service", "alarms"], &names),
        ),
        (
            "",
            Extent::Part,
            field("outputs", &json!({ "propertyNames": { "pattern": "^[A-Za-z0-9_-]{1,255}$" } })),
        ),
        ("", Extent::Part, field("tags", &tags)),
        ("Aws", Extent::Part, not_both("profile", "role_arn")),
        ("Aws", Extent::Part, fields(["role_arn", "plan_role_arn"], &json!({ "pattern": ROLE }))),
        (
            "Aws",
            Extent::Whole,
            json!({ "if": { "required": ["external_id"] }, "then": { "anyOf": [{ "required": ["role_arn"] }, { "required": ["plan_role_arn"] }] } }),
        ),
        ("State", Extent::Part, not_both("profile", "role_arn")),
        ("State", Extent::Part, field("role_arn", &json!({ "pattern": ROLE }))),
    ]
}

fn network() -> Vec<Rule> {
    let one_of = json!({ "oneOf": [{ "required": ["id"] }, { "required": ["name"] }] });
    let id = |prefix: &str| field("id", &json!({ "pattern": format!("^{prefix}-[0-9a-fA-F]{{8,40}}$") }));
    let of_efs = |then: Value| json!({ "if": { "required": ["kind"], "properties": { "kind": { "const": "efs" } } }, "then": then });
    vec![
        ("VpcName", Extent::Part, field("name", &json!({ "pattern": "\\S" }))),
        ("SubnetSelection", Extent::Part, json!({ "if": { "type": "array" }, "then": { "minItems": 1 } })),
        ("SubnetTags", Extent::Part, field("tags", &json!({ "minProperties": 1 }))),
        ("External", Extent::Part, of_efs(not_both("id", "name"))),
        ("External", Extent::Whole, of_efs(one_of.clone())),
        ("External", Extent::Part, of_efs(id("fs"))),
        ("AccessPoint", Extent::Part, not_both("id", "name")),
        ("AccessPoint", Extent::Whole, one_of),
        ("AccessPoint", Extent::Part, id("fsap")),
    ]
}

fn traffic() -> Vec<Rule> {
    let speaks = |protocol: &str| json!({ "required": ["protocol"], "properties": { "protocol": { "const": protocol } } });
    let hosts = json!({
        "maxItems": 5,
        "uniqueItems": true,
        "items": { "maxLength": 128, "pattern": format!("^{LABEL}(\\.{LABEL})*$") },
    });
    vec![
        ("LoadBalancer", Extent::Part, field("subnets", &json!({ "enum": ["private", "public"] }))),
        (
            "LoadBalancer",
            Extent::Part,
            field("listener", &json!({ "propertyNames": { "pattern": NAME, "maxLength": 64 } })),
        ),
        ("LoadBalancer", Extent::Whole, field("listener", &json!({ "minProperties": 1 }))),
        ("Listener", Extent::Part, field("hosts", &hosts)),
        (
            "Listener",
            Extent::Part,
            field("certificate", &json!({ "pattern": "^arn:[^:]+:acm:[^:]*:[^:]*:certificate/" })),
        ),
        (
            "Listener",
            Extent::Part,
            json!({ "if": speaks("HTTP"), "then": { "properties": { "certificate": false, "ssl_policy": false } } }),
        ),
        (
            "Listener",
            Extent::Whole,
            json!({ "if": speaks("HTTPS"), "then": { "required": ["certificate"] } }),
        ),
        (
            "Expose",
            Extent::Part,
            field("listener", &json!({ "pattern": "^\\$\\{load_balancer\\.[^.]+\\.listener\\.[^.]+\\}$" })),
        ),
    ]
}

fn services() -> Vec<Rule> {
    let variables = json!({ "propertyNames": { "pattern": VARIABLE } });
    let secret = "^(\\$\\{[^{}]+\\}|arn:[^:]+:(secretsmanager|ssm):.+)$";
    let image = "^[A-Za-z0-9_./:-]+(@sha256:[0-9a-f]{64})?$";
    let mut rules = vec![
        ("Service", Extent::Part, field("subnets", &json!({ "enum": ["private", "public"] }))),
        ("Service", Extent::Part, field("image", &json!({ "pattern": image, "not": { "pattern": "://" } }))),
        ("Service", Extent::Part, fields(["execution_role", "task_role"], &json!({ "pattern": ROLE }))),
        ("Service", Extent::Part, fields(["environment", "secrets"], &variables)),
        (
            "Service",
            Extent::Part,
            field("secrets", &json!({ "additionalProperties": { "pattern": secret } })),
        ),
        (
            "Service",
            Extent::Part,
            field("volumes", &json!({ "propertyNames": { "pattern": NAME, "maxLength": 64 } })),
        ),
        ("Volume", Extent::Part, field("files", &json!({ "pattern": "^\\$\\{external\\.[^.]+\\}$" }))),
        (
            "Scaling",
            Extent::Whole,
            json!({ "anyOf": [
                { "required": ["cpu_target"] },
                { "required": ["memory_target"] },
                { "required": ["schedule"], "properties": { "schedule": { "minItems": 1 } } },
            ] }),
        ),
        ("ScalingSchedule", Extent::Part, field("name", &json!({ "pattern": NAME }))),
    ];
    let sizes = crate::environment::meaning::fargate_sizes();
    let units: Vec<u32> = sizes.iter().map(|(units, _)| *units).collect();
    rules.push(("Service", Extent::Part, field("cpu", &json!({ "enum": units }))));
    for (units, memory) in sizes {
        let rule = json!({
            "if": { "required": ["cpu"], "properties": { "cpu": { "const": units } } },
            "then": { "properties": { "memory": { "enum": memory } } },
        });
        rules.push(("Service", Extent::Part, rule));
    }
    rules
}

fn caches() -> Vec<Rule> {
    let engine = |engine: &str, versions: &str| {
        json!({
            "if": { "required": ["engine"], "properties": { "engine": { "const": engine } } },
            "then": { "properties": { "engine_version": { "pattern": versions } } },
        })
    };
    vec![
        ("Cache", Extent::Part, field("subnets", &json!({ "enum": ["private", "public"] }))),
        ("Cache", Extent::Part, engine("redis", "^([0-6](\\..*)?|7|7\\.[01x](\\..*)?)$")),
        ("Cache", Extent::Part, engine("valkey", "^(7\\.([2-9]|[1-9][0-9]).*|[89].*|[1-9][0-9].*)$")),
        (
            "Cache",
            Extent::Part,
            json!({
                "if": { "required": ["auth"], "properties": { "auth": { "const": true } } },
                "then": { "properties": { "encryption": { "properties": { "in_transit": { "const": true } } } } },
            }),
        ),
    ]
}

fn operation() -> Vec<Rule> {
    let gradual = json!({ "required": ["shift"], "properties": { "shift": { "minItems": 1 } } });
    let strategies = json!({ "required": ["strategy"], "properties": { "strategy": { "enum": ["blue_green", "native"] } } });
    let compatible = json!({ "required": ["schema_change"], "properties": { "schema_change": { "enum": ["none", "additive"] } } });
    let topics = json!({ "items": { "pattern": "^arn:[^:]+:sns:" } });
    let by_graph = json!({ "required": ["mode"], "properties": { "mode": { "const": "graph" } } });
    vec![
        ("Switch", Extent::Part, field("application", &json!({ "pattern": UUID }))),
        (
            "Switch",
            Extent::Whole,
            json!({ "if": by_graph, "then": { "required": ["application", "from"] }, "else": { "properties": { "application": false } } }),
        ),
        ("Alarms", Extent::Part, field("notify", &topics)),
        (
            "Rollout",
            Extent::Part,
            field("shift", &json!({ "uniqueItems": true, "items": { "not": { "const": "0%" } } })),
        ),
        ("Rollout", Extent::Part, field("role", &json!({ "pattern": ROLE }))),
        ("Rollout", Extent::Whole, json!({ "if": gradual, "then": strategies })),
        (
            "Rollout",
            Extent::Whole,
            json!({ "if": compatible, "else": { "properties": { "shift": { "items": { "enum": ["0%", "100%"] } } } } }),
        ),
    ]
}
