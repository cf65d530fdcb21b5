//! The imports of a source file: every path that begins with `crate`, `super` or `self` (in the executable with `poem`),
//! in `use` and in expressions.

use proc_macro2::{TokenStream, TokenTree};

/// The path of a file's module: `src/store/users.rs` is `store::users`, `src/store/mod.rs` is `store`.
pub fn module(file: &str) -> Vec<String> {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    path.split('/').filter(|part| !["mod", "lib"].contains(part)).map(str::to_owned).collect()
}

/// The paths that the file names, from the root of the crate.
pub fn of(file: &str, text: &str) -> Vec<Vec<String>> {
    let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut found = Vec::new();
    walk(tokens, &module(file), &mut found);
    found
}

fn walk(tokens: TokenStream, module: &[String], found: &mut Vec<Vec<String>>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        let follows_colons = at >= 1 && is_colon(&tokens[at - 1]);
        if let Some(start) = start(&tokens, at, module).filter(|_| !follows_colons) {
            at = path(&tokens, at, start, found);
            continue;
        }
        if let TokenTree::Group(group) = &tokens[at] {
            // `mod tests { … }`: in it `super` is this module.
            let inner = match at.checked_sub(2).map(|before| (&tokens[before], &tokens[before + 1])) {
                Some((TokenTree::Ident(keyword), TokenTree::Ident(name))) if keyword == "mod" => {
                    [module, &[name.to_string()]].concat()
                }
                _ => module.to_vec(),
            };
            walk(group.stream(), &inner, found);
        }
        at += 1;
    }
}

/// What the first word of a path stands for; `None` if it begins no path of this crate.
fn start(tokens: &[TokenTree], at: usize, module: &[String]) -> Option<Vec<String>> {
    let TokenTree::Ident(word) = &tokens[at] else { return None };
    let is_path = tokens.get(at + 1).is_some_and(is_colon) && tokens.get(at + 2).is_some_and(is_colon);
    match word.to_string().as_str() {
        "crate" | "poem" if is_path => Some(Vec::new()),
        "self" if is_path => Some(module.to_vec()),
        "super" if is_path => Some(module[..module.len().saturating_sub(1)].to_vec()),
        _ => None,
    }
}

/// Reads on from the first word of a path, into the branches of its tree. Returns the place behind it.
fn path(tokens: &[TokenTree], first: usize, mut path: Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    let mut at = first + 1;
    while tokens.get(at).is_some_and(is_colon) && tokens.get(at + 1).is_some_and(is_colon) {
        match tokens.get(at + 2) {
            Some(TokenTree::Ident(word)) if word == "super" => drop(path.pop()),
            Some(TokenTree::Ident(word)) if word == "self" => {}
            Some(TokenTree::Ident(word)) => path.push(word.to_string()),
            Some(TokenTree::Group(group)) => {
                branches(group.stream(), &path, found);
                return at + 3;
            }
            // A glob, or the generics of a turbofish.
            _ => {
                at += 2;
                break;
            }
        }
        at += 3;
    }
    found.push(path);
    at
}

fn branches(tokens: TokenStream, stem: &[String], found: &mut Vec<Vec<String>>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut begins = true;
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Ident(word) = token
            && begins
        {
            let start = if word == "self" { stem.to_vec() } else { [stem, &[word.to_string()]].concat() };
            path(&tokens, at, start, found);
        }
        begins = matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    }
}

fn is_colon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':')
}
