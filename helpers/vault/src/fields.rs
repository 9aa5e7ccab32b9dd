//! Converts a record into the fields of a secret, and back.
//!
//! Each attribute is a field with its name and text; one that may occur several times (`state[]`) is a list. A server stores text, and
//! silently replaces anything that is not UTF-8. So such a value is encoded, in a field whose name ends in `;base64`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use modelforge_credential_protocol::{DESCRIPTION, Error, Record, Result};
use serde_json::{Map, Value};

const ENCODED: &str = ";base64";

pub fn of(record: &Record) -> Map<String, Value> {
    let mut fields = Map::new();
    for (key, value) in record.iter() {
        let text = std::str::from_utf8(value).ok().filter(|_| !key.ends_with(ENCODED));
        let (name, value) = match text {
            Some(text) => (key.to_owned(), Value::from(text)),
            None => (format!("{key}{ENCODED}"), Value::from(STANDARD.encode(value))),
        };
        match fields.get_mut(&name) {
            Some(Value::Array(values)) => values.push(value),
            _ if key.ends_with("[]") => drop(fields.insert(name, Value::Array(vec![value]))),
            _ => drop(fields.insert(name, value)),
        }
    }
    fields
}

/// The record in these fields. Its description may be missing, for example if a person wrote it: then the path says it. `place` is the name
/// of the path in messages.
pub fn record(fields: &Map<String, Value>, described: &Record, place: &str) -> Result<Record> {
    let mut record = Record::new();
    for key in DESCRIPTION {
        if let (Some(value), None) = (described.get(key), fields.get(key)) {
            record.set(key, value)?;
        }
    }
    let failed = |name: &str| Error::new(format!("the field `{name}` of `{place}` cannot be an attribute"));
    for (name, value) in fields {
        let values = match value {
            Value::Array(values) if name.trim_end_matches(ENCODED).ends_with("[]") => values.as_slice(),
            other => std::slice::from_ref(other),
        };
        for value in values {
            let text = text(value).ok_or_else(|| failed(name))?;
            match name.strip_suffix(ENCODED) {
                Some(key) => record.push(key, STANDARD.decode(text).map_err(|_| failed(name))?),
                None => record.push(name, text),
            }
            .map_err(|_| failed(name))?;
        }
    }
    Ok(record)
}

/// People write numbers without quotation marks.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is_true) => Some(is_true.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(record: &Record) -> Record {
        super::record(&of(record), &Record::new(), "p").unwrap()
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        let record = Record::of([
            ("host", &b"h"[..]),
            ("mystery", &b"\xff\x01\xfe"[..]),
            ("password", &b"p\xc3\xa9 \xff"[..]),
            ("x;base64", &b"plain"[..]),
            ("y[]", &b"1"[..]),
            ("y[]", &b"2"[..]),
            ("z[]", &b"one"[..]),
        ]);
        let record = record.unwrap();
        assert!(there_and_back(&record) == record);
    }

    #[test]
    fn what_a_person_wrote_belongs_where_it_lies() {
        let described = Record::of([("protocol", "https"), ("host", "h"), ("username", "u")]).unwrap();
        let fields = serde_json::json!({ "password": "p", "password_expiry_utc": 4102444800_u64 });
        let record = super::record(fields.as_object().unwrap(), &described, "p").unwrap();
        assert_eq!((record.text("host"), record.text("password")), (Some("h"), Some("p")));
        assert_eq!(record.expiry(), Some(4102444800));
    }

    #[test]
    fn a_field_that_is_no_text_is_named_without_its_value() {
        for value in [serde_json::json!({ "a": "sentinel" }), serde_json::json!(null), serde_json::json!(["sentinel"])]
        {
            let fields = serde_json::json!({ "password": value });
            let error = super::record(fields.as_object().unwrap(), &Record::new(), "p").unwrap_err();
            assert_eq!(error.to_string(), "the field `password` of `p` cannot be an attribute");
        }
    }
}
