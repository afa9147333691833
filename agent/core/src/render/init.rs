//! What `init` found and made.

use std::fmt::Write;

use super::{
    paint::{bold, dim, green, plain, red, yellow},
    preflight,
};
use crate::{
    environment::Environment,
    preflight::{Backend, Bucket, Initialised, RUN_TABLE, Table, Weight, Work},
};

/// A line for each part, what is not as it should be, and what locks keep out.
pub fn terminal(environment: &Environment, initialised: &Initialised) -> String {
    let Initialised { identity, backend, made, findings } = initialised;
    let file = &environment.file;
    let mut text = format!(
        "{} {}\n\n",
        bold(environment.name.as_str()),
        dim(&format!("(account {}, {})", file.aws.account, file.aws.region))
    );
    let who = match identity {
        Ok(identity) => identity.arn.clone(),
        Err(_) => backend.access.identity.clone(),
    };
    let mut line = |mark: String, what: &str, name: &str| {
        let _ = writeln!(text, "  {mark} {what:<12} {}", plain(name));
    };
    let troubled =
        |about: &str| findings.iter().any(|finding| finding.about == about && finding.weight != Weight::Note);
    let well = |about: &str| if troubled(about) { yellow("look at") } else { green("well   ") };
    let refused = identity.is_err() || troubled("aws.account");
    line(if refused { red("refused") } else { green("well   ") }, "identity", &who);
    let Backend { bucket_name, bucket, lock_table_name, lock_table, run_table, .. } = backend;
    let mark = match bucket {
        Bucket::Absent => red("missing"),
        Bucket::Stands(_) => well("state.bucket"),
        Bucket::Elsewhere { .. } | Bucket::Closed(_) | Bucket::Unknown(_) => red("refused"),
    };
    line(mark, "bucket", bucket_name);
    line(table(lock_table, &well("state.lock_table")), "lock table", lock_table_name);
    line(table(run_table, &well("state")), "run table", RUN_TABLE);
    if !made.is_empty() {
        text.push_str("\nDone:\n");
        for work in made {
            let _ = writeln!(text, "  {} {}", green("+"), done(*work, backend));
        }
    }
    let wrong: Vec<_> = findings.to_vec();
    if !wrong.is_empty() {
        let _ = write!(text, "\n{}\n", preflight::text(&environment.name, &wrong));
    }
    let _ = write!(text, "\n{}\n", locks(environment));
    text
}

/// The version of the JSON below; raised when a field changes its meaning or goes.
const VERSION: u32 = 1;

/// For machines: `{"schema", "environment", "ok", "made", "findings"}`; each
/// finding has `about`, `weight`, `place` and `problem` with its `code`.
pub fn json(environment: &Environment, initialised: &Initialised) -> serde_json::Value {
    let made: Vec<String> = initialised.made.iter().map(|work| done(*work, &initialised.backend)).collect();
    serde_json::json!({
        "schema": VERSION,
        "kind": "init",
        "environment": environment.name,
        "ok": initialised.is_well(),
        "made": made,
        "findings": initialised.findings,
    })
}

fn table(table: &Table, well: &str) -> String {
    match table {
        Table::Absent => red("missing"),
        Table::Unknown(_) => red("refused"),
        Table::Stands(_) => well.to_owned(),
    }
}

fn done(work: Work, backend: &Backend) -> String {
    let (bucket, table) = (plain(&backend.bucket_name), plain(&backend.lock_table_name));
    match work {
        Work::MakeBucket => format!("the bucket {bucket} was made"),
        Work::Version => format!("the bucket {bucket} keeps versions"),
        Work::Encrypt => format!("the bucket {bucket} encrypts what is written"),
        Work::BlockPublic => format!("the bucket {bucket} blocks public access"),
        Work::EnforceOwner => format!("the bucket {bucket} owns every object in it"),
        Work::MakeLockTable => format!("the lock table {table} was made"),
        Work::MakeRunTable => format!("the run table {RUN_TABLE} was made"),
        Work::Expire => format!("items of {RUN_TABLE} go when their time is over"),
    }
}

/// Whom the lock keeps out, and whom it does not.
fn locks(environment: &Environment) -> String {
    let state = &environment.file.state;
    let table = &state.lock_table;
    if state.lockfile {
        format!(
            "Locks: Pointsman takes both the item in `{table}` and the lock file, so that it and every Terraform exclude \
             each other, whether that has `dynamodb_table = \"{table}\"`, `use_lockfile` or both. Two Terraforms of which \
             one has the table alone and the other the lock file alone do not exclude each other."
        )
    } else {
        format!(
            "Locks: Pointsman and every Terraform with `dynamodb_table = \"{table}\"` exclude each other. A Terraform \
             that has `use_lockfile` alone takes another lock, and is not kept out: for that, set `lockfile = true` in \
             `[state]`."
        )
    }
}
