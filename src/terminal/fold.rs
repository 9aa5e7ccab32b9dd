//! Breaks lines between words. A terminal would break them anywhere.

/// A terminal that is narrower than this, or does not know its width, gets unbroken lines.
const NARROWEST: u16 = 40;

/// The width of the terminal, if it is one.
#[cfg(unix)]
pub fn width_of(stream: &impl std::os::fd::AsFd) -> Option<usize> {
    wide_enough(terminal_size::terminal_size_of(stream))
}

#[cfg(windows)]
pub fn width_of(stream: &impl std::os::windows::io::AsHandle) -> Option<usize> {
    wide_enough(terminal_size::terminal_size_of(stream))
}

fn wide_enough(size: Option<(terminal_size::Width, terminal_size::Height)>) -> Option<usize> {
    size.filter(|(width, _)| width.0 >= NARROWEST).map(|(width, _)| width.0.into())
}

/// Breaks a line between words, and indents the following lines by this many columns, or by fewer if a long word needs the space. Text that
/// can be pasted is not broken, because the line break would be pasted, too: a hint, and text in backticks. A line in colour is part of a
/// table, and was already broken.
pub fn fold(line: &str, width: usize, indent: usize) -> String {
    let is_whole = line.chars().count() <= width || line.contains('\u{1b}');
    if is_whole || line.trim_start().starts_with("hint: ") {
        return line.to_owned();
    }
    let (mut text, mut column) = (String::new(), 0);
    for word in words(line) {
        let (length, bare) = (word.chars().count(), word.trim_end());
        if column > 0 && column + bare.chars().count() > width {
            let indent = indent.min(width.saturating_sub(bare.chars().count()));
            text.truncate(text.trim_end().len());
            text.push_str(&format!("\n{}", " ".repeat(indent)));
            column = indent;
        }
        text.push_str(word);
        column += length;
    }
    text
}

/// The words of a line, each with the spaces after it. Spaces at the start belong to the first word.
fn words(line: &str) -> Vec<&str> {
    let (mut words, mut start, mut is_quoted, mut was_blank) = (Vec::new(), 0, false, true);
    for (at, character) in line.char_indices() {
        let is_blank = character == ' ' && !is_quoted;
        if was_blank && !is_blank && !line[start..at].trim().is_empty() {
            words.push(&line[start..at]);
            start = at;
        }
        is_quoted ^= character == '`';
        was_blank = is_blank;
    }
    words.push(&line[start..]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_fits_is_left_as_it_is() {
        assert_eq!(fold("one  two", 8, 2), "one  two");
    }

    #[test]
    fn a_line_ends_between_words_and_what_follows_is_indented() {
        assert_eq!(fold("one two three four", 9, 2), "one two\n  three\n  four");
    }

    #[test]
    fn a_word_that_is_too_long_for_the_indentation_gets_the_room_that_it_needs() {
        assert_eq!(fold("a  1234567", 8, 3), "a\n 1234567");
        assert_eq!(fold("a  1234567890", 8, 3), "a\n1234567890");
    }

    #[test]
    fn what_can_be_pasted_stays_in_one_piece() {
        assert_eq!(fold("run `a b c d e` now", 8, 0), "run\n`a b c d e`\nnow");
        assert_eq!(fold("  hint: a b c d e f", 8, 0), "  hint: a b c d e f");
    }

    #[test]
    fn characters_of_several_bytes_count_once() {
        assert_eq!(fold("ends in …abcd ……", 13, 0), "ends in …abcd\n……");
    }
}
