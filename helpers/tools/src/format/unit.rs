//! systemd units. They are only read, because no unit is changed.

use zeroize::Zeroizing;

use super::leaf::{Kind, Leaf, lines, start};

/// The variables in `Environment=`, each as `NAME=value` without quotation marks. Other lines are skipped.
pub fn read(text: &str) -> Vec<Leaf> {
    let (mut found, mut section, mut at) = (Vec::new(), String::new(), start(text));
    while at < text.len() {
        let line = lines(text, &(at..at));
        let content = text.get(line.clone()).unwrap_or_default().trim();
        if content.starts_with('[') && content.ends_with(']') {
            section = content.trim_matches(['[', ']']).to_owned();
        } else if let Some(set) = content.strip_prefix("Environment=") {
            let path = |at| vec![section.clone(), "Environment".to_owned(), format!("#{at}")];
            let leaf = |(at, word)| Leaf { path: path(at), text: word, at: line.clone(), kind: Kind::Text };
            found.extend(words(set).into_iter().enumerate().map(leaf));
        }
        at = line.end.max(at + 1);
    }
    found
}

/// The words of a line, without quotation marks.
fn words(line: &str) -> Vec<Zeroizing<String>> {
    let (mut words, mut word, mut quote, mut is_one) = (Vec::new(), Zeroizing::new(String::new()), None, false);
    for c in line.chars() {
        match quote {
            Some(mark) if mark == c => quote = None,
            None if c == '"' || c == '\'' => (quote, is_one) = (Some(c), true),
            None if c.is_whitespace() => {
                if std::mem::take(&mut is_one) {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => {
                word.push(c);
                is_one = true;
            }
        }
    }
    if is_one {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variable_of_a_line_is_found_without_its_quotation_marks() {
        let unit = "[Unit]\nEnvironment=NOT=here\n[Service]\nExecStart=/bin/sh -c \\\n  true\n\
                    Environment=\"ONE=a b\" TWO=c 'THREE=d'\n";
        let found: Vec<(String, String)> =
            read(unit).iter().map(|leaf| (leaf.path[..2].join("."), leaf.text.to_string())).collect();
        let wanted = [("Unit", "NOT=here"), ("Service", "ONE=a b"), ("Service", "TWO=c"), ("Service", "THREE=d")];
        let wanted = wanted.map(|(section, word)| (format!("{section}.Environment"), word.to_owned()));
        assert_eq!(found, wanted);
    }
}
