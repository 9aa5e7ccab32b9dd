//! A manual page in roff, with the macros of man(7).

use crate::error::PROGRAM;

/// A page. Text is added at its end.
pub struct Page {
    /// Its file name: `NAME.SECTION`.
    pub file: String,
    roff: String,
}

impl Page {
    /// Without a date, so that the same source makes the same page.
    pub fn new(name: &str, section: u8, about: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let roff = format!(
            ".TH {} {section} \"\" \"{PROGRAM} {version}\" \"\"\n.nh\n.ad l\n.SH NAME\n{} \\- {}\n",
            escaped(name),
            escaped(name),
            escaped(about)
        );
        Self { file: format!("{name}.{section}"), roff }
    }

    pub fn section(&mut self, title: &str) -> &mut Self {
        self.request("SH", &title.to_uppercase())
    }

    pub fn subsection(&mut self, title: &str) -> &mut Self {
        self.request("SS", title)
    }

    /// A paragraph with filled lines.
    pub fn paragraph(&mut self, text: &str) -> &mut Self {
        self.roff.push_str(".PP\n");
        self.text(text)
    }

    /// A term with its text.
    pub fn entry(&mut self, term: &str, text: &str) -> &mut Self {
        self.roff.push_str(".TP\n");
        self.text(term).text(text)
    }

    /// A list item after its mark.
    pub fn item(&mut self, mark: &str, text: &str) -> &mut Self {
        let mark = if mark == "-" { "\\(bu".to_owned() } else { escaped(mark) };
        self.roff.push_str(&format!(".IP {mark} 3\n"));
        self.text(text)
    }

    /// Lines that are not filled, with the margin of the text.
    pub fn lines<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) -> &mut Self {
        self.roff.push_str(".PP\n.nf\n");
        for line in lines {
            self.roff.push_str(&format!("{}\n", guarded(&escaped(line))));
        }
        self.roff.push_str(".fi\n");
        self
    }

    pub fn into_bytes(self) -> (String, Vec<u8>) {
        (self.file, self.roff.into_bytes())
    }

    fn request(&mut self, request: &str, title: &str) -> &mut Self {
        self.roff.push_str(&format!(".{request} \"{}\"\n", escaped(title).replace('"', "\\(dq")));
        self
    }

    /// Text with Markdown's marks for code, bold text and links.
    fn text(&mut self, text: &str) -> &mut Self {
        self.roff.push_str(&format!("{}\n", guarded(&inline(text))));
        self
    }
}

/// roff would read a line that begins with one of these as a request.
fn guarded(line: &str) -> String {
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() }
}

/// Keeps hyphens as they are, so that text can be pasted.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('`', "\\(ga").replace('~', "\\(ti").replace('^', "\\(ha")
}

/// Allows a line break between the parts of a long path.
fn code(text: &str) -> String {
    let escaped = escaped(text);
    let is_long = text.chars().count() > 40 && !text.contains(' ');
    format!("\\fB{}\\fR", if is_long { escaped.replace('/', "/\\:") } else { escaped })
}

fn inline(text: &str) -> String {
    let mut roff = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '*', '[']) {
        roff.push_str(&escaped(&rest[..at]));
        rest = &rest[at..];
        let (done, after) = marked(rest).unwrap_or_else(|| (escaped(&rest[..1]), &rest[1..]));
        roff.push_str(&done);
        rest = after;
    }
    roff + &escaped(rest)
}

/// The text between the mark at the beginning and the closing mark, and the rest.
fn marked(text: &str) -> Option<(String, &str)> {
    if let Some(text) = text.strip_prefix('`') {
        return text.split_once('`').map(|(inner, after)| (code(inner), after));
    }
    if let Some(text) = text.strip_prefix("**") {
        return text.split_once("**").map(|(inner, after)| (format!("\\fB{}\\fR", inline(inner)), after));
    }
    let (label, target) = text.strip_prefix('[')?.split_once("](")?;
    let (target, after) = target.split_once(')')?;
    // On a page, a link to another document is of no use, so only its text is shown.
    let shown = if target.contains("://") { format!("{} ({})", inline(label), escaped(target)) } else { inline(label) };
    (!label.contains('[')).then_some((shown, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_markdown_become_fonts() {
        assert_eq!(inline("use `a-b`, **not [c](d.md)**"), "use \\fBa\\-b\\fR, \\fBnot c\\fR");
        assert_eq!(inline("[age](https://age.example)"), "age (https://age.example)");
    }

    #[test]
    fn what_is_no_mark_stays() {
        assert_eq!(inline("HOST[/PATH] 2 * 3 `"), "HOST[/PATH] 2 * 3 \\(ga");
    }

    #[test]
    fn no_line_of_text_is_taken_for_a_request() {
        let mut page = Page::new("a", 1, "b");
        page.lines([".de", "'x"]).paragraph(".env files");
        let (_, bytes) = page.into_bytes();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.ends_with(".nf\n\\&.de\n\\&'x\n.fi\n.PP\n\\&.env files\n"), "{text}");
    }
}
