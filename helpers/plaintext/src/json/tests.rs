use super::*;
use proptest::prelude::*;

const GONE: &str = "auth_data";

/// The value at a path of names. If a name occurs twice, the last one counts.
fn at(text: &str, path: &[&str]) -> Range<usize> {
    path.iter().fold(root(text), |object, name| {
        members(text, &object).unwrap().into_iter().rfind(|member| member.name == *name).unwrap().value
    })
}

fn taken_out(text: &str) -> String {
    check(text).unwrap();
    let object = root(text);
    without(text, &[&object], |_, member| member.name == GONE).unwrap().0.to_string()
}

#[test]
fn a_member_goes_with_its_comma_wherever_it_stands() {
    for (text, expected) in [
        (r#"{"auth_data": {"k": "v"}}"#, "{}"),
        (r#" { "auth_data" : 1 } "#, " {} "),
        (r#"{"auth_data": 1, "b": 2}"#, r#"{"b": 2}"#),
        (r#"{"a": 1, "auth_data": 1, "b": 2}"#, r#"{"a": 1, "b": 2}"#),
        (r#"{"a":1,"auth_data":1}"#, r#"{"a":1}"#),
        (r#"{"a": 1, "auth\u005fdata": "}\"{"}"#, r#"{"a": 1}"#),
        (r#"{"auth_data": 1, "auth_data": 2}"#, "{}"),
        (r#"{"auth_data": 1, "auth_data": 2, "b": 3}"#, r#"{"b": 3}"#),
        (r#"{"a": 0, "auth_data": 1, "auth_data": 2}"#, r#"{"a": 0}"#),
        (r#"{"auth_data": 1, "a": 0, "auth_data": 2, "b": 3, "auth_data": 4}"#, r#"{"a": 0, "b": 3}"#),
        ("\u{feff}{\r\n\t\"a\": 1,\r\n\t\"auth_data\": {\r\n\t}\r\n}\r\n", "\u{feff}{\r\n\t\"a\": 1\r\n}\r\n"),
        (r#"{"b": {"auth_data": 1}}"#, r#"{"b": {"auth_data": 1}}"#),
        (r#"{"\ud800": "\udfff", "auth_data": 1}"#, r#"{"\ud800": "\udfff"}"#),
    ] {
        assert_eq!(taken_out(text), expected, "{text}");
    }
}

#[test]
fn of_several_objects_each_is_left_what_it_had_and_none_may_lie_in_another() {
    let text = r#"{"a": {"auth_data": 1, "b": 2}, "c": {"d": [3], "auth_data": {"auth_data": 4}}, "auth_data": 5}"#;
    let (a, c) = (at(text, &["a"]), at(text, &["c"]));
    let is_gone = |_: &Range<usize>, member: &Member| member.name == GONE;
    let (edited, places) = without(text, &[&a, &c], is_gone).unwrap();
    assert_eq!(*edited, r#"{"a": {"b": 2}, "c": {"d": [3]}, "auth_data": 5}"#);
    assert_eq!(places, [at(&edited, &["a"]), at(&edited, &["c"])]);
    assert!(without(text, &[&root(text), &a], is_gone).is_none());
    assert!(without(text, &[&c, &a], is_gone).is_none());
}

#[test]
fn a_member_is_put_in_the_way_the_others_are_written() {
    let value = [("k", "v"), ("é\"", "w")];
    for (text, expected) in [
        ("{}", r#"{"auth_data": {"k": "v", "é\"": "w"}}"#),
        (r#"{"a":1}"#, r#"{"a":1,"auth_data":{"k":"v","é\"":"w"}}"#),
        (r#"{"a": 1}"#, r#"{"a": 1, "auth_data": {"k": "v", "é\"": "w"}}"#),
        (r#"{"a": 1, "b": 2}"#, r#"{"a": 1, "b": 2, "auth_data": {"k": "v", "é\"": "w"}}"#),
        (
            "{\n    \"a\": 1\n}",
            "{\n    \"a\": 1,\n    \"auth_data\": {\n        \"k\": \"v\",\n        \"é\\\"\": \"w\"\n    }\n}",
        ),
        (
            "{\r\n\t\"a\": 1\r\n}",
            "{\r\n\t\"a\": 1,\r\n\t\"auth_data\": {\r\n\t\t\"k\": \"v\",\r\n\t\t\"é\\\"\": \"w\"\r\n\t}\r\n}",
        ),
    ] {
        assert_eq!(insert(text, &root(text), GONE, &value).unwrap(), expected, "{text}");
    }
}

#[test]
fn what_is_not_json_is_named_by_line_and_column() {
    for (text, place) in [
        ("", (1, 0)),
        ("{\n \"a\": sk-secret", (2, 7)),
        ("{\"a\": 1}}", (1, 9)),
        ("{\"a\": 1,}", (1, 9)),
        ("{'a': 1}", (1, 2)),
        ("{\"a\": NaN}", (1, 7)),
        ("{\"a\": \"\n\"}", (1, 7)),
    ] {
        assert_eq!(check(text), Err(place), "{text:?}");
    }
}

#[test]
fn a_hundred_thousand_brackets_are_no_problem() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!("{{\"deep\": {deep}, \"auth_data\": {deep}}}");
    assert_eq!(taken_out(&text), format!("{{\"deep\": {deep}}}"));
    assert!(check(&"{\"a\":".repeat(100_000)).is_err());
}

fn white() -> impl Strategy<Value = String> {
    "[ \t\r\n]{0,3}"
}

/// A string as a person or a program may write it, and its text.
fn written(text: String) -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<bool>(), text.len() + 1).prop_map(move |escape| {
        let mut written = String::from("\"");
        for (c, escape) in text.chars().zip(escape) {
            match c {
                '"' | '\\' => written.extend(['\\', c]),
                _ if escape || c.is_control() => {
                    let mut units = [0; 2];
                    c.encode_utf16(&mut units).iter().for_each(|unit| written.push_str(&format!("\\u{unit:04X}")));
                }
                _ => written.push(c),
            }
        }
        written + "\""
    })
}

fn value() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?",
        "[a{}\\[\\]:,\"\\\\é🔑]{0,6}".prop_flat_map(written),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        let list =
            (proptest::collection::vec((white(), inner.clone(), white()), 0..4), white()).prop_map(|(values, end)| {
                let values: Vec<_> = values.into_iter().map(|(a, value, b)| format!("{a}{value}{b}")).collect();
                format!("[{}{end}]", values.join(","))
            });
        prop_oneof![list, object(inner, "[ab\"\\\\:é]{0,4}|auth_data").prop_map(|members| assemble(&members, " "))]
    })
}

/// The members of an object: their names, and how they are written.
fn object(
    value: impl Strategy<Value = String> + 'static,
    names: &'static str,
) -> impl Strategy<Value = Vec<(String, String)>> {
    let member = (white(), names.prop_flat_map(|name| (Just(name.clone()), written(name))), white(), white(), value);
    let member = member.prop_map(|(a, (name, key), b, c, value)| (name, format!("{a}{key}{b}:{c}{value}")));
    proptest::collection::vec(member, 0..5)
}

fn assemble(members: &[(String, String)], end: &str) -> String {
    let written: Vec<_> = members.iter().map(|(_, written)| written.as_str()).collect();
    format!("{{{}{end}}}", written.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_left_is_every_other_byte(
        members in object(value(), "[ab\"\\\\é]{0,3}|auth_data|auth_data"),
        around in (white(), white(), white()),
    ) {
        let text = format!("{}{}{}", around.0, assemble(&members, &around.2), around.1);
        prop_assert!(check(&text).is_ok(), "{}", text);
        let edited = taken_out(&text);
        // The model: the remaining members joined again, without the whitespace of the removed ones.
        let kept: Vec<_> = members.iter().filter(|(name, _)| name != GONE).cloned().collect();
        let kept_text = format!("{}{}{}", around.0, assemble(&kept, &around.2), around.1);
        let bare = |text: &str| text.split(WHITE).collect::<String>();
        prop_assert_eq!(bare(&edited), bare(&kept_text));
        if kept.len() == members.len() {
            prop_assert_eq!(&edited, &text);
        }
        // Byte by byte: each other member, and what is before and after all of them.
        let others = |text: &str| -> Vec<(String, String)> {
            let found = super::members(text, &root(text)).unwrap();
            let other = found.into_iter().filter(|member| member.name != GONE);
            other.map(|m| (m.name, text[m.key.start..m.value.end].to_owned())).collect()
        };
        prop_assert_eq!(others(&edited), others(&text));
        // Only the cut members, one comma for each, and whitespace are gone.
        let object = root(&text);
        let cuts = cuts(&text, &object, |member| member.name == GONE);
        for cut in &cuts {
            let mut rest = text[cut.clone()].to_owned();
            let found = super::members(&text, &object).unwrap();
            for gone in found.iter().filter(|m| m.name == GONE && cut.contains(&m.key.start)) {
                rest = rest.replacen(&text[gone.key.start..gone.value.end], "", 1);
            }
            prop_assert!(rest.chars().all(|c| c == ',' || WHITE.contains(&c)), "{}", rest);
        }
        prop_assert_eq!(text.len() - edited.len(), cuts.iter().map(|cut| cut.len()).sum::<usize>());
        prop_assert!(edited.starts_with(&around.0) && edited.ends_with(&around.1));
    }

    #[test]
    fn the_scanner_reads_what_serde_json_reads(members in object(value(), "[ab\"\\\\é]{0,3}")) {
        let text = assemble(&members, "");
        let ours = super::members(&text, &root(&text)).unwrap();
        prop_assert_eq!(ours.iter().map(|m| &m.name).collect::<Vec<_>>(), members.iter().map(|m| &m.0).collect::<Vec<_>>());
        for member in ours {
            prop_assert!(check(&text[member.value.clone()]).is_ok(), "{}", &text[member.value]);
        }
    }

    #[test]
    fn what_was_put_in_is_taken_out_again(members in object(value(), "[ab]{1,3}"), key in "\\PC{0,20}") {
        let text = assemble(&members, "\n");
        let with = insert(&text, &root(&text), GONE, &[("api_key", &key)]).unwrap();
        prop_assert!(check(&with).is_ok(), "{}", with);
        prop_assert_eq!(string(&with, &at(&with, &[GONE, "api_key"])), Some(key));
        prop_assert_eq!(taken_out(&with), if members.is_empty() { "{}".to_owned() } else { text });
    }

    #[test]
    fn no_text_panics(text in "[{}\\[\\]\":,a\\\\ é]{0,40}") {
        let _ = check(&text);
        let object = root(&text);
        let _ = super::members(&text, &object);
        let _ = without(&text, &[&object], |_, _| true);
        let _ = insert(&text, &object, "a", &[]);
    }
}
