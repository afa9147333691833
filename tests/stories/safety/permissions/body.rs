//! What a request says, whichever protocol it is in.

use serde_json::{Map, Value};

use super::cbor;

/// The body as JSON, whichever protocol it is in; a form's fields by their names.
pub(super) fn body(bytes: &[u8]) -> Value {
    if let Ok(json) = serde_json::from_slice(bytes) {
        return json;
    }
    if let Some(map @ Value::Object(_)) = cbor::read(bytes) {
        return map;
    }
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let fields = text.split('&').filter_map(|field| field.split_once('='));
    fields.map(|(name, value)| (name.to_owned(), Value::from(decoded(value)))).collect::<Map<_, _>>().into()
}

/// Without percent-encoding.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let encoded = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match (first, encoded.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
