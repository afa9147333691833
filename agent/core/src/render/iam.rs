//! What the agent's identities must be allowed, as a page and as a word to
//! whoever attaches the policies.

use std::{collections::BTreeMap, fmt::Write};

use crate::iam::{Caller, Role, TABLE};

/// How the printed policies are used.
pub const HOW: &str = "`reading` is for both roles; the writing role needs `writing` as well (with `writing-2`, where one policy is too short for all of it), and whoever runs `init --create` needs `founding`. \
     Attach them as policies of their own: each fits into a managed policy. Print them again when a service, a role or a key changes.";

const BEGIN: &str = r#"# What the agent's identities may do

Two roles per environment: `plan_role_arn` reads, `role_arn` writes. `pointsman init ENV --iam` prints the policies of
an environment, narrowed to its own bucket, tables, cluster and names; it asks AWS nothing:

```
pointsman init production/web --iam | jq .reading > reading.json
pointsman init production/web --iam | jq .writing > writing.json
pointsman init production/web --iam | jq '."writing-2" // empty' > writing-2.json   # where one policy is too short
```

Which roles the agent assumes at all is for its own configuration to say, `pointsman.toml`, whatever environments name:

```toml
[aws]
roles    = ["arn:aws:iam::123456789012:role/pointsman-*"]   # `*` stands for any characters of the name
profiles = []
```

Left out, a pull request is planned as the roles and profiles that the watched branch's environments and bases name for
planning, and a deploy acts as what was merged. The agent's own identity needs to assume these roles and nothing else.

This page is made from the same table, `agent/core/src/iam/table.rs`: a test holds the table to the calls in the code of
`agent/aws`, and this page to the table (`UPDATE_DOCS=1 cargo test -p pointsman-core --test iam`). Nothing here was
replayed against AWS itself yet.
"#;

const END: &str = "
`sts:AssumeRole` is for the agent's own credentials, where `[aws]` or `[state]` name roles. Actions in italics are asked
for by AWS on the agent's behalf: to hand the services' roles to their tasks, the first time that a service of AWS is
used in an account, and where `[state] encrypt` names a key.
";

/// `docs/iam.md`.
pub fn page() -> String {
    let mut page = BEGIN.to_owned();
    for (role, title) in [
        (Role::Reading, "Reading: `plan`, `drift`, `status`, `check --live`; both roles"),
        (Role::Writing, "Writing, in addition: `apply`, `destroy`"),
        (Role::Founding, "Founding, in addition: `init --create`"),
    ] {
        let _ = write!(page, "\n## {title}\n\n| service | actions |\n| --- | --- |\n");
        let mut services: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for row in TABLE.iter().filter(|row| row.role == role) {
            let (service, action) = row.action.split_once(':').unwrap_or((row.action, ""));
            let action = match row.caller {
                Caller::Agent => format!("`{action}`"),
                Caller::Aws => format!("*`{action}`*"),
            };
            services.entry(service).or_default().push(action);
        }
        for (service, mut actions) in services {
            actions.sort_by_key(|action| action.trim_matches('*').to_owned());
            let _ = writeln!(page, "| {service} | {} |", actions.join(", "));
        }
    }
    page.push_str(END);
    page
}
