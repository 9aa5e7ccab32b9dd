//! TOML, with the positions from its parser.

use toml_edit::{Document, Item, Key, TableLike, Value};
use zeroize::Zeroizing;

use super::leaf::start;
use super::tree::{Inside, Node, Tree};

/// # Errors
/// The number of the line where it is not TOML.
pub fn read(text: &str) -> Result<Tree, usize> {
    let mark = start(text);
    let document = text.get(mark..).unwrap_or_default();
    let parsed = Document::parse(document).map_err(|problem| {
        let before = problem.span().and_then(|span| document.get(..span.start)).unwrap_or_default();
        1 + before.matches('\n').count()
    })?;
    let mut tree = Tree::new("#", false);
    let whole = 0..text.len();
    tree.push(Node { name: String::new(), parent: None, entry: whole.clone(), value: whole, inside: Inside::Block });
    table(&mut tree, 0, parsed.as_table(), mark);
    Ok(tree)
}

/// The parser limits the depth.
fn table(tree: &mut Tree, parent: usize, table: &dyn TableLike, mark: usize) {
    for (name, item) in table.iter() {
        let key = table.key(name).and_then(Key::span);
        let Some(value) = item.span().or(key.clone()) else {
            // A table that is only implied by the names of others.
            let at = push(tree, parent, name.to_owned(), (0..0, 0..0), Inside::Block);
            item.as_table_like().into_iter().for_each(|inner| self::table(tree, at, inner, mark));
            continue;
        };
        let value = value.start + mark..value.end + mark;
        let entry = key.map_or(value.start, |key| key.start + mark).min(value.start)..value.end;
        put(tree, parent, name.to_owned(), (entry, value), item, mark);
    }
}

type Places = (std::ops::Range<usize>, std::ops::Range<usize>);

fn push(tree: &mut Tree, parent: usize, name: String, (entry, value): Places, inside: Inside) -> usize {
    tree.push(Node { name, parent: Some(parent), entry, value, inside })
}

fn put(tree: &mut Tree, parent: usize, name: String, places: Places, item: &Item, mark: usize) {
    match item {
        Item::Value(Value::String(text)) => {
            push(tree, parent, name, places, Inside::Text(Zeroizing::new(text.value().clone())));
        }
        Item::Value(Value::InlineTable(inner)) => {
            let at = push(tree, parent, name, places, Inside::Commas);
            table(tree, at, inner, mark);
        }
        Item::Value(Value::Array(array)) => {
            let at = push(tree, parent, name, places, Inside::Commas);
            for (number, value) in array.iter().enumerate() {
                let span = value.span().unwrap_or_default();
                let place = span.start + mark..span.end + mark;
                put(tree, at, format!("#{number}"), (place.clone(), place), &Item::Value(value.clone()), mark);
            }
        }
        Item::Table(inner) => {
            let at = push(tree, parent, name, places, Inside::Block);
            table(tree, at, inner, mark);
        }
        Item::ArrayOfTables(tables) => {
            let at = push(tree, parent, name, places.clone(), Inside::Block);
            for (number, inner) in tables.iter().enumerate() {
                let at = push(tree, at, format!("#{number}"), places.clone(), Inside::Block);
                table(tree, at, inner, mark);
            }
        }
        _ => {
            push(tree, parent, name, places, Inside::Other);
        }
    }
}
