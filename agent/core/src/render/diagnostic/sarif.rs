use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::excerpt::end_of;
use crate::environment::{Diagnostic, Place, Sources};

/// Diagnostics as SARIF 2.1.0, for code scanning and editors.
pub fn sarif(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
    let codes: BTreeSet<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    let rules: Vec<Value> = codes.iter().map(|code| json!({ "id": code, "name": code })).collect();
    let results: Vec<Value> =
        diagnostics.iter().map(|diagnostic| result(diagnostic, &codes, sources)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "pointsman",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(diagnostic: &Diagnostic, codes: &[&str], sources: &Sources) -> Value {
    let Diagnostic { code, severity, message, place, label: _, help, related, written: _ } = diagnostic;
    let text = match help {
        Some(help) => format!("{message}. Help: {help}"),
        None => message.clone(),
    };
    let mut result = json!({
        "ruleId": code,
        "ruleIndex": codes.iter().position(|other| other == code),
        "level": severity.as_str(),
        "message": { "text": text },
        "locations": place.iter().map(|place| location(place, sources)).collect::<Vec<_>>(),
    });
    if !related.is_empty() {
        let related = related.iter().enumerate().map(|(index, (place, text))| {
            let mut related = location(place, sources);
            related["id"] = json!(index);
            related["message"] = json!({ "text": text });
            related
        });
        result["relatedLocations"] = related.collect();
    }
    result
}

fn location(place: &Place, sources: &Sources) -> Value {
    let (end_line, end_column) =
        sources.text(&place.file).map_or((place.line, place.column), |text| end_of(text, place));
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&place.file), "uriBaseId": "%SRCROOT%" },
        "region": {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": end_line,
            "endColumn": end_column,
        },
    } })
}

/// A path as a relative URI reference.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
