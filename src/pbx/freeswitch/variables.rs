//! `<X-PRE-PROCESS cmd="set" data="name=value"/>` and `$${name}`, which are done before the XML is read, and
//! therefore inside comments too.

use std::collections::BTreeMap;

/// Variables that lead to variables.
const DEEPEST: usize = 8;
/// Variables kept.
const MOST: usize = 10_000;
/// Nothing grows beyond that by putting variables in.
const LONGEST: usize = 16 * 1024 * 1024;

/// Variables by name.
#[derive(Debug, Default)]
pub(super) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Takes in what a file sets; the last setting counts.
    pub(super) fn learn(&mut self, text: &str) {
        for (command, data) in instructions(text) {
            let Some((name, value)) = data.split_once('=').filter(|_| command == "set") else { continue };
            if self.0.len() < MOST || self.0.contains_key(name) {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Puts the variables into a text; those that nothing sets stay as they are.
    pub(super) fn expanded(&self, text: &str) -> String {
        self.put_in(text, 0)
    }

    fn put_in(&self, text: &str, depth: usize) -> String {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("$${") {
            expanded.push_str(before);
            let named = after.split_once('}').and_then(|(name, after)| Some((self.0.get(name)?, after)));
            match named.filter(|_| depth < DEEPEST && expanded.len() < LONGEST) {
                Some((value, after)) => {
                    expanded.push_str(&self.put_in(value, depth + 1));
                    rest = after;
                }
                None => {
                    expanded.push_str("$${");
                    rest = after;
                }
            }
        }
        expanded.push_str(rest);
        expanded
    }
}

/// Returns command and data of each instruction.
fn instructions(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("X-PRE-PROCESS").skip(1).filter_map(|rest| {
        let tag = rest.split('>').next()?;
        Some((attribute(tag, "cmd")?, attribute(tag, "data")?))
    })
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!("{name}="))?;
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    rest.get(1..)?.split(quote).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_count_in_comments_and_in_variables() {
        let mut variables = Variables::default();
        variables.learn(
            "<!-- <X-PRE-PROCESS cmd=\"set\" data=\"a=1$${b}\"/> -->\n<X-PRE-PROCESS cmd='set' data='b=2'/>",
        );
        variables.learn("<X-PRE-PROCESS cmd=\"include\" data=\"c=3\"/>");
        assert_eq!(variables.expanded("x$${a}y$${c}$${"), "x12y$${c}$${");
    }

    #[test]
    fn a_variable_that_holds_itself_ends() {
        let mut variables = Variables::default();
        variables.learn("<X-PRE-PROCESS cmd=\"set\" data=\"a=$${a}$${a}\"/>");
        assert!(variables.expanded("$${a}").len() < 10_000);
    }
}
