//! As much of Markdown as `protocol.md` uses, as roff: headings, paragraphs, lists, tables, blocks of code, and in a line code,
//! bold text and links.

/// The body of a page. What stands before the first heading of the second level is its description.
pub fn to_roff(markdown: &str) -> String {
    let mut page = String::from(".SH DESCRIPTION\n");
    let mut lines = markdown.lines().skip_while(|line| line.starts_with("# ")).peekable();
    let mut header: Vec<String> = Vec::new();
    // What follows a heading begins a paragraph of its own anyway.
    let mut in_paragraph = true;
    while let Some(line) = lines.next() {
        if !line.starts_with('|') {
            header.clear();
        }
        if line.starts_with("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
            page.push_str(&format!(".PP\n{}\n", verbatim(&code.join("\n"))));
            in_paragraph = false;
        } else if let Some(title) = line.strip_prefix("## ") {
            page.push_str(&format!(".SH {}\n", inline(&title.to_uppercase())));
            in_paragraph = true;
        } else if let Some(item) = line.strip_prefix("- ") {
            page.push_str(&point(item));
            in_paragraph = true;
        } else if line.starts_with('|') {
            page.push_str(&row(line, &mut header));
            in_paragraph = false;
        } else if line.trim().is_empty() {
            in_paragraph &= page.lines().last().is_some_and(|line| line.starts_with(".SH"));
        } else {
            if !in_paragraph {
                page.push_str(".PP\n");
            }
            page.push_str(&format!("{}\n", inline(line.trim())));
            in_paragraph = true;
        }
    }
    page
}

/// Lines as they are.
pub fn verbatim(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| guarded(escaped(line))).collect();
    format!(".nf\n{}\n.fi", lines.join("\n"))
}

/// A point of a list; `**F1** …` has its name where others have a bullet.
fn point(item: &str) -> String {
    match item.strip_prefix("**").and_then(|rest| rest.split_once("** ")) {
        Some((name, text)) => format!(".TP 5\n\\fB{}\\fR\n{}\n", escaped(name), inline(text)),
        None => format!(".IP \\(bu 2\n{}\n", inline(item)),
    }
}

/// A row of a table: its first cell, and below it the others, each with what its column is called.
fn row(line: &str, header: &mut Vec<String>) -> String {
    let line = line.trim().trim_start_matches('|').trim_end_matches('|');
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    if header.is_empty() {
        *header = cells.iter().map(|cell| (*cell).to_owned()).collect();
        return String::new();
    }
    if cells.iter().all(|cell| cell.chars().all(|c| "-: ".contains(c))) {
        return String::new();
    }
    let others = cells.iter().zip(header.iter()).skip(1);
    let others: Vec<String> =
        others.map(|(cell, column)| format!("\\fI{}:\\fR {}", escaped(column), inline(cell))).collect();
    format!(".TP\n{}\n{}\n", inline(cells.first().unwrap_or(&"")), others.join("\n.br\n"))
}

/// Text with code, bold words and links in it.
fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '*', '[']) {
        let (before, found) = rest.split_at(at);
        out.push_str(&escaped(before));
        let bold = |mark: &str| found.strip_prefix(mark).and_then(|rest| rest.split_once(mark));
        let link = || {
            let (name, rest) = found.strip_prefix('[')?.split_once("](")?;
            rest.split_once(')').map(|(_, rest)| (name, rest))
        };
        if let Some((word, after)) = bold("`").or_else(|| bold("**")) {
            out.push_str(&format!("\\fB{}\\fR", escaped(word)));
            rest = after;
        } else if let Some((name, after)) = link() {
            out.push_str(&inline(name));
            rest = after;
        } else {
            let (sign, after) = found.split_at(1);
            out.push_str(sign);
            rest = after;
        }
    }
    out.push_str(&escaped(rest));
    guarded(out)
}

/// Nothing in it means anything to roff, and all of it is ASCII.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            '`' => out.push_str("\\(ga"),
            '\'' => out.push_str("\\(aq"),
            c if c.is_ascii() => out.push(c),
            c => out.push_str(&format!("\\[u{:04X}]", u32::from(c))),
        }
    }
    out
}

/// A line that begins with a dot is text.
fn guarded(line: String) -> String {
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_the_text_becomes_its_like() {
        let text = "# title\n\nSays `a-b`.\nMore.\n\n## The wire\n\n- **F1** One\n  line.\n- [two](x.md)\n\n| a | b |\n|---|---|\n| `x` | y – |\n\n```sh\n.x 'y' \\n\n```\n";
        let page = "\
.SH DESCRIPTION\nSays \\fBa\\-b\\fR.\nMore.\n.SH THE WIRE\n.TP 5\n\\fBF1\\fR\nOne\nline.\n.IP \\(bu 2\ntwo\n\
.TP\n\\fBx\\fR\n\\fIb:\\fR y \\[u2013]\n.PP\n.nf\n\\&.x \\(aqy\\(aq \\en\n.fi\n";
        assert_eq!(to_roff(text), page);
    }
}
