//! Who holds a lock, and how it is released by hand.

use std::fmt::Write;

use super::{
    event::holder_words,
    layout::hanging,
    paint::{bold, green, plain, without, yellow},
    status::{Age, since},
    words,
};
use crate::{
    environment::EnvironmentName,
    lease::{LockInfo, LockItem},
};

/// What is known of the lock, a line each.
pub fn terminal(environment: &EnvironmentName, lock: Option<&LockItem>, age: Age<'_>) -> String {
    let Some(item) = lock else {
        return format!("{}: the lock is free\n", bold(environment.as_str()));
    };
    let LockInfo { id, operation, info, who, version, created, path: _ } = item.terraform_info();
    let whose = match &item.mark {
        Some(mark) => {
            format!("Pointsman's (fence {}): it runs out by itself when its holder dies", mark.fence)
        }
        None => "Terraform's or a person's: Pointsman never takes it away by itself".to_owned(),
    };
    let mut text = format!("{}: the lock is held\n", bold(environment.as_str()));
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "{}", hanging(&format!("  {name:<9}"), 11, value));
        }
    };
    line("by", &plain(&who));
    line("since", &format!("{}{}", words::moment(&created), without(&since(&created, age))));
    line("for", &plain(&operation));
    line("about", &plain(&info));
    line("ID", &plain(&id));
    line("version", &plain(&version));
    line("whose", &whose);
    line("item", &plain(&item.lock_id));
    text
}

/// Nobody has the lock, and an agent that died left its lock file.
pub fn left_behind(environment: &EnvironmentName, file: &LockItem) -> String {
    let LockInfo { id, who, .. } = file.terraform_info();
    let text = format!(
        "{} left its lock file {} behind. It keeps out no agent, and every Terraform that has `use_lockfile`: the next run \
         takes it away, and so does `pointsman lock release {environment} --id {}`.",
        plain(&who),
        plain(&file.lock_id),
        plain(&id)
    );
    format!("{}: the lock is free\n{}\n", bold(environment.as_str()), hanging(&yellow("note:"), 5, &text))
}

/// What release asks for: the lock's own ID, as `terraform force-unlock` does.
pub fn asks_for_id(environment: &EnvironmentName, item: &LockItem) -> String {
    let id = item.terraform_info().id;
    format!(
        "{environment} is locked, and nothing was released: name the lock by its ID, so that it is the one you looked \
         at.\n{}{}\
         Next: ask its holder; if they are gone, `pointsman lock release {environment} --id {}`.",
        holder(item),
        living(item),
        plain(if id.is_empty() { "''" } else { &id })
    )
}

/// Another lock stands than the one that was named.
pub fn another(environment: &EnvironmentName, named: &str, item: &LockItem) -> String {
    format!(
        "{environment} is locked under another ID than {}, and nothing was released.\n{}\
         Next: look at it with `pointsman lock show {environment}`.",
        plain(named),
        holder(item)
    )
}

/// The lock was released.
pub fn released(environment: &EnvironmentName, item: &LockItem) -> String {
    format!("{} the lock of {environment}\n{}{}", green("Released:"), holder(item), living(item))
}

/// Nothing was there to release.
pub fn free(environment: &EnvironmentName) -> String {
    format!("{environment}: the lock is free, so there is nothing to release\n")
}

fn holder(item: &LockItem) -> String {
    format!("{}\n", hanging(" ", 1, &format!("held by {}", holder_words(&item.terraform_info()))))
}

/// What whoever releases an agent's lock should know.
fn living(item: &LockItem) -> String {
    if item.mark.is_none() {
        return String::new();
    }
    let text = "it is an agent's. If that lives, it notices at its next heartbeat, within seconds, and writes nothing \
                more; the next run waits until its last calls have ended. If it is dead, the next run takes the lock \
                over by itself.";
    format!("{}\n", hanging(&yellow("note:"), 5, text))
}
