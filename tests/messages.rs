//! The style of all messages and hints, read from the sources, and phrases that are not natural English.

use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, ExprMethodCall, Lit, LitStr, Local, Pat};

/// Phrases that read as translated, word for word; an identifier is words as well.
const PHRASES: [&str; 22] = [
    "an argument too many",
    "anew",
    "are let be",
    "at the most",
    "does not go with",
    "for nobody to",
    "for who",
    "has ended",
    "in vain",
    "is let be",
    "is no affair",
    "is no name for",
    "is none of",
    "mend",
    "mended",
    "mending",
    "mends",
    "misspelt",
    "was put to",
    "where one is",
    "who names none",
    "whoever",
];

/// A message may begin with them.
const NAMES: [&str; 1] = ["ModelForge"];

#[derive(Default)]
struct Sentences {
    messages: Vec<String>,
    hints: Vec<String>,
}

impl<'ast> Visit<'ast> for Sentences {
    /// `Error::new(MESSAGE)`
    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(function) = &*call.func {
            let names: Vec<String> = function.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            if names.ends_with(&["Error".to_owned(), "new".to_owned()]) {
                call.args.first().into_iter().for_each(|message| literals(message, &mut self.messages));
            }
        }
        visit::visit_expr_call(self, call);
    }

    /// `.hint(HINT)`
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if call.method == "hint" {
            call.args.first().into_iter().for_each(|hint| literals(hint, &mut self.hints));
        }
        visit::visit_expr_method_call(self, call);
    }

    /// `let message = MESSAGE;`
    fn visit_local(&mut self, local: &'ast Local) {
        if let (Pat::Ident(name), Some(value)) = (&local.pat, &local.init)
            && name.ident == "message"
        {
            literals(&value.expr, &mut self.messages);
        }
        visit::visit_local(self, local);
    }
}

/// The strings that an expression may be.
fn literals(expression: &Expr, found: &mut Vec<String>) {
    let block = |block: &syn::Block, found: &mut Vec<String>| {
        if let Some(syn::Stmt::Expr(last, None)) = block.stmts.last() {
            literals(last, found);
        }
    };
    match expression {
        Expr::Lit(literal) => {
            if let Lit::Str(text) = &literal.lit {
                found.push(text.value());
            }
        }
        Expr::Macro(call) => {
            let first = call.mac.tokens.clone().into_iter().next();
            found.extend(first.and_then(|token| syn::parse2::<LitStr>(token.into()).ok()).map(|text| text.value()));
        }
        Expr::If(choice) => {
            block(&choice.then_branch, found);
            choice.else_branch.iter().for_each(|(_, other)| literals(other, found));
        }
        Expr::Match(choice) => choice.arms.iter().for_each(|arm| literals(&arm.body, found)),
        Expr::Block(inner) => block(&inner.block, found),
        Expr::MethodCall(call) => literals(&call.receiver, found),
        Expr::Reference(inner) => literals(&inner.expr, found),
        _ => {}
    }
}

/// The files with this extension that a user may read, or whose messages one may see. Those of tests are left out.
fn files(extension: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = ["src", "helpers", "docs"].into_iter().flat_map(|folder| crate::support::files_below(&root.join(folder)));
    let all = all.chain(["README.md", "CHANGELOG.md", "protocol.md"].map(|name| root.join(name)));
    let is_test = |path: &Path| path.iter().any(|part| part == "tests" || part == "tests.rs" || part == "node_modules");
    let is_ours = |path: &PathBuf| !path.strip_prefix(root).is_ok_and(is_test);
    all.filter(|path| path.extension().is_some_and(|other| other == extension)).filter(is_ours).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))
}

fn sentences() -> Sentences {
    let mut sentences = Sentences::default();
    for path in files("rs") {
        let file = syn::parse_file(&read(&path)).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
        sentences.visit_file(&file);
    }
    sentences
}

/// It is one line, and neither begins nor ends as a sentence in a text does. A variable is in capitals.
fn is_in_style(text: &str) -> bool {
    let mut letters = text.chars();
    let is_name = NAMES.iter().any(|name| text.starts_with(name));
    let begins =
        !is_name && letters.next().is_some_and(char::is_uppercase) && !letters.next().is_some_and(char::is_uppercase);
    let is_one_line = !text.contains(['\n', '\r']) && !text.contains("  ") && text.trim() == text;
    is_one_line && !begins && !text.ends_with(['.', '!', ':'])
}

#[test]
fn every_message_is_one_line_in_lower_case_without_a_full_stop() {
    let Sentences { messages, .. } = sentences();
    assert!(messages.len() > 200, "only {} messages were found", messages.len());
    let others: Vec<String> = messages.into_iter().filter(|message| !is_in_style(message)).collect();
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn every_hint_is_a_command_or_a_short_sentence() {
    let Sentences { hints, .. } = sentences();
    assert!(hints.len() > 100, "only {} hints were found", hints.len());
    let others: Vec<String> = hints.into_iter().filter(|hint| !is_in_style(&hint.replace("  # ", " # "))).collect();
    assert!(others.is_empty(), "{others:#?}");
}

/// A shell that is not sh has other words for them: [`Shell`](modelforge_credential_protocol::Shell) knows both.
#[test]
fn no_hint_is_for_sh_alone_where_it_can_be_seen_on_windows() {
    // Hints that only a Unix can give, each about a mode, an owner or a signal of it.
    let of_unix = ["chmod", "sudo ", "ls -ld", "getent", "set HOME"];
    let Sentences { hints, .. } = sentences();
    let of_sh = ["printf ", "unset ", "eval ", "pgrep", "fuser", "mv ", "rm ", " < "];
    let is_for_sh =
        |hint: &String| of_sh.iter().any(|word| hint.contains(word)) && !of_unix.iter().any(|word| hint.contains(word));
    let others: Vec<String> = hints.into_iter().filter(is_for_sh).collect();
    assert!(others.is_empty(), "{others:#?}");
}

/// The words of a file with a blank around each, so that a phrase is found across the lines of a comment.
fn words(path: &Path) -> String {
    let text = read(path).to_lowercase();
    let words: Vec<&str> =
        text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    format!(" {} ", words.join(" "))
}

#[test]
fn nothing_reads_as_if_it_was_translated() {
    let texts: Vec<(PathBuf, String)> =
        ["rs", "md"].into_iter().flat_map(files).map(|path| (path.clone(), words(&path))).collect();
    assert!(texts.len() > 100, "only {} files were found", texts.len());
    let mut found = Vec::new();
    for phrase in PHRASES {
        let has_it = |(path, text): &(PathBuf, String)| text.contains(&format!(" {phrase} ")).then(|| path.clone());
        found.extend(texts.iter().filter_map(has_it).map(|path| (phrase, path)));
    }
    assert!(found.is_empty(), "{found:#?}");
}
