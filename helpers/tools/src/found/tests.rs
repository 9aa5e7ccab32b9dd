use std::time::{Duration, Instant};

use super::*;
use crate::table::{PROJECT, of_project};

#[test]
fn a_file_of_very_many_lists_is_read_at_once() {
    let file = of_project("litellm.yaml").expect("a row");
    let text: String = (0..50_000).map(|number| format!("k{number}: {{a: 1}}\n")).collect();
    let begun = Instant::now();
    assert!(read(&PROJECT, file, "litellm.yaml", &text).is_ok());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
