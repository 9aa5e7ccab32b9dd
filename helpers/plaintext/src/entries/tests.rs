use super::*;
use crate::table::Json;

/// The row that another tool's file would need. This one has a key for each provider's name at its root.
const FLAT: Json = Json {
    entries: &[],
    url: "url",
    secret: None,
    password: &["key"],
    refresh_token: "refresh_token",
    expires: "expires_at",
    public: &[],
};

#[test]
fn the_file_of_a_further_tool_is_a_row() {
    let text = r#"{"openai": "sk-1", "note": "by hand", "groq": {"key": "sk-2", "url": "https://api.groq.com"}}"#;
    let Entries { entries, homeless } = read(&Format::Json(FLAT), "keys.json", text, "default", None).unwrap();
    let seen: Vec<_> = entries
        .iter()
        .map(|entry| {
            let secret = entry.secret.as_ref().unwrap().as_ref().unwrap();
            (&*entry.place, entry.location.borrowed().to_string(), secret.record.text("password").unwrap())
        })
        .collect();
    assert_eq!(
        seen,
        [("$.openai", "https://api.openai.com".into(), "sk-1"), ("$.groq", "https://api.groq.com".into(), "sk-2")]
    );
    let problems: Vec<_> = homeless.iter().map(Error::to_string).collect();
    assert_eq!(problems, ["`keys.json`: `$.note.url` is missing, so the owner of its key is unknown"]);
}

#[test]
fn more_entries_than_anybody_has_are_refused() {
    let entry = r#""openai": {"auth_data": {"api_key": "k"}}"#;
    let text = format!("{{\"providers\": {{{}}}}}", vec![entry; MOST + 1].join(","));
    let problem = read(&Format::Json(crate::table::MODELFORGE), "f", &text, "default", None).err().unwrap();
    assert_eq!(problem.to_string(), "`f` has more than 1000 entries");
}

proptest::proptest! {
    #[test]
    fn no_text_panics_and_no_error_repeats_a_value(text in "[{}\\[\\]\":, a=_\n\t]{0,60}", secret in "SECRET[{}\":]{0,4}") {
        for text in [text, one(&secret), format!("[a]\nopenai = {secret}\n"), format!("[https_3A_2F_2Fapi_2Eopenai_2Ecom]\nb = {secret}\n")] {
            for format in [Format::Json(crate::table::MODELFORGE), Format::Json(FLAT), Format::KeyringIni] {
                let problems = match read(&format, "f", &text, "default", None) {
                    Ok(found) => found.entries.into_iter().filter_map(|entry| entry.secret.err()).chain(found.homeless).collect(),
                    Err(problem) => vec![problem],
                };
                for problem in problems {
                    proptest::prop_assert!(!problem.to_string().contains("SECRET"), "{}", problem);
                }
            }
        }
    }
}

fn one(secret: &str) -> String {
    let secret = serde_json::to_string(&format!("{secret}\n1")).unwrap();
    format!(r#"{{"providers": {{"openai": {{"auth_data": {{"api_key": {secret}, "expires_at": {secret}}}}}}}}}"#)
}
