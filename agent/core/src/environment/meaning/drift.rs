//! What drift ignores is there.

use super::{Diagnostic, Subject};
use crate::environment::{
    block::{TABLES, Table},
    diagnostic::nearest,
    shape::{ENVIRONMENT, Kind, Shape},
};

/// Each is the address of a block that is described, and a field that it has.
pub(super) fn ignored(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (index, written) in subject.file.drift.ignore.iter().enumerate() {
        if let Err(help) = ignorable(subject, written) {
            let number = index.to_string();
            found.push(
                Diagnostic::error("unknown-reference", format!("there is no `{written}` to ignore"))
                    .at(subject.place(&["drift", "ignore", &number]))
                    .label("not a field that is described here")
                    .help(help),
            );
        }
    }
}

fn ignorable(subject: &Subject<'_>, written: &str) -> Result<(), String> {
    let segments: Vec<&str> = written.split('.').collect();
    let [kind, name, field @ ..] = segments.as_slice() else {
        return Err("write the address of a block with a field, such as `service.web.count`".to_owned());
    };
    let Some(table) = Table::of(kind).filter(|table| table.is_ours()) else {
        let kinds: Vec<&str> =
            TABLES.iter().filter(|table| table.is_ours()).map(|table| table.kind).collect();
        return Err(nearest(kind, kinds.iter().copied()).map_or_else(
            || format!("fields of these can be ignored: {}", kinds.join(", ")),
            |near| format!("did you mean `{near}.{name}`?"),
        ));
    };
    let names = (table.names)(subject.file);
    if !names.contains(name) {
        return Err(match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{kind}.{near}`?"),
            None => format!("described are: {}", names.join(", ")),
        });
    }
    let block = ENVIRONMENT.get(&[kind, name]);
    let fields: Vec<&str> = match block.map(|shape| &shape.kind) {
        Some(Kind::Table(table)) => table.properties.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    match field {
        [] => Err(format!(
            "add the field: `{written}.FIELD`; to leave the whole block alone, make it an `[external.{name}]`"
        )),
        _ if block.and_then(|shape: &Shape| shape.get(field)).is_some() => Ok(()),
        [first, ..] => Err(nearest(first, fields.iter().copied()).filter(|near| near != first).map_or_else(
            || format!("`{kind}.{name}` has: {}", fields.join(", ")),
            |near| format!("did you mean `{kind}.{name}.{near}`?"),
        )),
    }
}
