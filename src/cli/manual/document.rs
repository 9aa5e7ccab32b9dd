//! Converts parts of a document into parts of a manual page, so that each fact is written once: headings, paragraphs, lists, tables and
//! code blocks, as the documents in `docs/` use them.

use super::page::Page;

const FENCE: &str = "```";
const CONSOLE: &str = "```console";

/// The lines below a heading, up to the next heading of the same or a higher level.
pub fn part<'a>(document: &'a str, heading: &str) -> &'a str {
    let rank = heading.split(' ').next().unwrap_or_default();
    let Some((_, rest)) = document.split_once(&format!("\n{heading}\n")) else { return "" };
    let ends = ["#", "##", "###"].iter().filter(|other| other.len() <= rank.len());
    let ends = ends.filter_map(|other| rest.find(&format!("\n{other} ")));
    rest.get(..ends.min().unwrap_or(rest.len())).unwrap_or(rest)
}

/// Adds them to a page.
pub fn add(page: &mut Page, text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let rest = &lines[at..];
        at += if line.trim().is_empty() {
            1
        } else if let Some(title) = line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')) {
            page.subsection(title);
            1
        } else if line.starts_with(FENCE) {
            let block: Vec<&str> = rest[1..].iter().take_while(|line| !line.starts_with(FENCE)).copied().collect();
            // The output of a command is too wide for a page, and a reference does not need it.
            if *line != CONSOLE {
                page.lines(block.iter().copied());
            }
            2 + block.len()
        } else if line.starts_with('|') {
            let rows: Vec<&str> = rest.iter().take_while(|line| line.starts_with('|')).copied().collect();
            table(page, &rows);
            rows.len()
        } else {
            let count = 1 + rest[1..].iter().take_while(|line| goes_on(line)).count();
            let text = rest[..count].iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
            match mark(line) {
                Some(mark) => page.item(mark, text[mark.len()..].trim_start()),
                None => page.paragraph(&text),
            };
            count
        };
    }
}

/// True if the line belongs to the paragraph before it.
fn goes_on(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with(['|', '#']) && !line.starts_with(FENCE) && mark(line).is_none()
}

/// The mark of a list item.
fn mark(line: &str) -> Option<&str> {
    let mark = line.split(' ').next()?;
    let is_number = mark.len() > 1 && mark.strip_suffix('.').is_some_and(|it| it.bytes().all(|b| b.is_ascii_digit()));
    (mark == "-" || is_number).then_some(mark)
}

/// The first column becomes the term, together with the middle columns; the last column is its text.
fn table(page: &mut Page, rows: &[&str]) {
    let cells = |row: &&str| -> Vec<String> {
        let row = row.trim().trim_start_matches('|').trim_end_matches('|').replace("\\|", "\u{0}");
        row.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
    };
    let titles = rows.first().map(cells).unwrap_or_default();
    for row in rows.iter().skip(2).map(cells) {
        let [term, between @ .., text] = row.as_slice() else { continue };
        let term = match between {
            [] => term.clone(),
            between => format!("{term} ({})", between.join(", ")),
        };
        match titles.last().map(String::as_str) {
            Some("account") => page.entry(&term, &format!("Account: {text}")),
            _ => page.entry(&term, text),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# A\n\n## One\n\ntext\n\n### Below\n\nmore\n\n## Two\n\n- a\n  b\n- c\n\n| k | v |\n|---|---|\n| `x` | y |\n\n```sh\ncode\n```\n";

    #[test]
    fn a_part_ends_where_the_next_of_its_rank_begins() {
        assert_eq!(part(DOCUMENT, "## One"), "\ntext\n\n### Below\n\nmore\n");
        assert_eq!(part(DOCUMENT, "### Below"), "\nmore\n");
        assert_eq!(part(DOCUMENT, "## Three"), "");
    }

    #[test]
    fn lists_tables_and_code_keep_their_form() {
        let mut page = Page::new("a", 1, "b");
        add(&mut page, part(DOCUMENT, "## Two"));
        let text = String::from_utf8(page.into_bytes().1).unwrap();
        let (_, body) = text.split_once("b\n").unwrap();
        assert_eq!(body, ".IP \\(bu 3\na b\n.IP \\(bu 3\nc\n.TP\n\\fBx\\fR\ny\n.PP\n.nf\ncode\n.fi\n");
    }
}
