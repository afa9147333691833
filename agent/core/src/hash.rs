//! Canonical JSON and its SHA-256: how plans, specs and states are named.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The value as JSON with all keys sorted and no white space: equal values
/// give equal text, whatever order they were built in.
pub fn canonical_json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    write_sorted(&serde_json::to_value(value)?, &mut text)?;
    Ok(text)
}

/// The SHA-256 of [`canonical_json`], as 64 hexadecimal digits.
pub fn canonical_hash(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(text_hash(&canonical_json(value)?))
}

/// The SHA-256 of a text, as 64 hexadecimal digits.
pub fn text_hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn write_sorted(value: &serde_json::Value, text: &mut String) -> Result<(), serde_json::Error> {
    match value {
        serde_json::Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(key)?);
                text.push(':');
                write_sorted(value, text)?;
            }
            text.push('}');
        }
        serde_json::Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_sorted(item, text)?;
            }
            text.push(']');
        }
        scalar => text.push_str(&serde_json::to_string(scalar)?),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::canonical_json;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value: serde_json::Value = serde_json::from_str(r#"{"b":[{"z":1,"a":"x\n"}],"a":null}"#).unwrap();
        assert_eq!(canonical_json(&value).unwrap(), r#"{"a":null,"b":[{"a":"x\n","z":1}]}"#);
    }
}
