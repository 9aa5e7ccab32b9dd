//! JSON: strict, or with comments and trailing commas, depending on the program that reads the file.

use std::ops::Range;

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use zeroize::Zeroizing;

use super::leaf::start;
use super::tree::{Inside, Node, Tree};

/// # Errors
/// The number of the line where it is not JSON.
pub fn read(text: &str, is_lenient: bool) -> Result<Tree, usize> {
    let options = ParseOptions {
        allow_comments: is_lenient,
        allow_trailing_commas: is_lenient,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let mark = start(text);
    let document = text.get(mark..).unwrap_or_default();
    let parsed =
        parse_to_ast(document, &CollectOptions::default(), &options).map_err(|problem| problem.line_display())?;
    let mut tree = Tree::new("//", false);
    let Some(value) = &parsed.value else { return Ok(tree) };
    // Deep nesting cannot exhaust the stack: the parser has a limit, and this loop does not recurse.
    let mut open = vec![(None, String::new(), None, value)];
    while let Some((parent, name, entry, value)) = open.pop() {
        let at = tree.nodes.len();
        let place = shifted(value.start()..value.end(), mark);
        let inside = match value {
            Value::Object(object) => {
                let member = |member| -> (_, _, _, _) {
                    let member: &jsonc_parser::ast::ObjectProp = member;
                    let entry = shifted(member.start()..member.end(), mark);
                    (Some(at), member.name.as_str().to_owned(), Some(entry), &member.value)
                };
                open.extend(object.properties.iter().rev().map(member));
                Inside::Commas
            }
            Value::Array(array) => {
                let element = |(number, value)| (Some(at), format!("#{number}"), None, value);
                open.extend(array.elements.iter().enumerate().rev().map(element));
                Inside::Commas
            }
            Value::StringLit(text) => Inside::Text(Zeroizing::new(text.value.clone().into_owned())),
            _ => Inside::Other,
        };
        tree.push(Node { name, parent, entry: entry.unwrap_or(place.clone()), value: place, inside });
    }
    Ok(tree)
}

fn shifted(range: Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

/// A text as JSON writes it.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}
