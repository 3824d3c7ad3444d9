//! What options stand for once `%(name)s` and `<name>` in them are put in.
//!
//! Facts relied on: `%(name)s` is looked up in the section and in `DEFAULT`, `%(section/name)s` elsewhere, `%%` is a
//! percent sign; `<name>` in a filter stands for its own options and those that the jail gives it, from inside
//! outwards (`substituteRecursiveTags`, `client/configreader.py`). Tags that name what is caught stay.

use std::collections::BTreeMap;

use super::ini::Ini;

/// Options in options; Python's own limit is ten.
const DEEPEST: usize = 10;
/// Rounds of putting in tags, each of which does all there are.
const MOST_ROUNDS: usize = 25;
/// What an option may grow to, in bytes: each doubles what it names twice.
const LONGEST: usize = 256 * 1024;

/// Why an option has no value: it names one that is not there, or itself, or grows without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// Returns an option's value with all references put in; `None` where there is no such option.
pub(super) fn option(ini: &Ini, section: &str, name: &str) -> Option<Result<String, Broken>> {
    let raw = ini.raw(section, name)?;
    Some(put_in(ini, section, &raw.text, DEEPEST))
}

fn put_in(ini: &Ini, section: &str, text: &str, depth: usize) -> Result<String, Broken> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(rest.get(..at).unwrap_or_default());
        let after = rest.get(at + 1..).unwrap_or_default();
        if let Some(left) = after.strip_prefix('%') {
            out.push('%');
            rest = left;
        } else if let Some((name, left)) = after.strip_prefix('(').and_then(|inner| inner.split_once(")s")) {
            out.push_str(&named(
                ini,
                section,
                &name.to_ascii_lowercase(),
                depth.checked_sub(1).ok_or(Broken)?,
            )?);
            rest = left;
        } else {
            // Python would refuse it; a percent sign in a path or a date is meant as one.
            out.push('%');
            rest = after;
        }
        if out.len() > LONGEST {
            return Err(Broken);
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn named(ini: &Ini, section: &str, name: &str, depth: usize) -> Result<String, Broken> {
    if name == "__name__" {
        return Ok(section.to_owned());
    }
    let own = ini.raw(section, name).map(|value| (section, value));
    let other = || {
        let (of, name) = name.split_once('/')?;
        // What the default section holds is put together in the section that asks.
        if of == "default" {
            Some((section, ini.raw("DEFAULT", name)?))
        } else {
            Some((of, ini.raw(of, name)?))
        }
    };
    let (of, value) = own.or_else(other).ok_or(Broken)?;
    put_in(ini, of, &value.text, depth)
}

/// Puts in the tags of a filter: its options, those of other sections as `<section/name>`.
pub(super) fn tags(ini: &Ini, options: &BTreeMap<String, String>, text: &str) -> Result<String, Broken> {
    let mut text = text.to_owned();
    for _ in 0..MOST_ROUNDS {
        let (next, changed) = one_round(ini, options, &text);
        if next.len() > LONGEST {
            return Err(Broken);
        }
        text = next;
        if !changed {
            return Ok(text);
        }
    }
    Err(Broken)
}

fn one_round(ini: &Ini, options: &BTreeMap<String, String>, text: &str) -> (String, bool) {
    let mut out = String::new();
    let mut changed = false;
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        out.push_str(rest.get(..open).unwrap_or_default());
        let after = rest.get(open + 1..).unwrap_or_default();
        // An inner tag is put in before the one around it.
        let end = after.find(['<', '>', ' ']).filter(|&end| after.as_bytes().get(end) == Some(&b'>'));
        let value = end.and_then(|end| after.get(..end)).and_then(|name| value_of(ini, options, name));
        match (value, end) {
            (Some(value), Some(end)) => {
                changed = true;
                out.push_str(&value);
                rest = after.get(end + 1..).unwrap_or_default();
            }
            _ => {
                out.push('<');
                rest = after;
            }
        }
        if out.len() > LONGEST {
            break;
        }
    }
    out.push_str(rest);
    (out, changed)
}

fn value_of(ini: &Ini, options: &BTreeMap<String, String>, name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    if let Some(value) = options.get(&lower) {
        return Some(value.clone());
    }
    let (section, name) = lower.split_once('/').filter(|(section, _)| !section.is_empty())?;
    option(ini, section, name)?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::SourceId;

    #[test]
    fn references_are_put_in_from_inside_outwards() {
        let text =
            b"[DEFAULT]\nkind = file\n[lt_file]\npre = a%%b\n[Definition]\nlog = x%(kind)s %(lt_file/pre)s\n\
            whole = <lt_<kind>/pre> <HOST>\nself = %(self)s\n";
        let ini = Ini::parse(SourceId(0), text);
        assert_eq!(option(&ini, "Definition", "log"), Some(Ok("xfile a%b".to_owned())));
        assert_eq!(option(&ini, "Definition", "self"), Some(Err(Broken)));
        assert_eq!(option(&ini, "Definition", "none"), None);
        let jails = Ini::parse(
            SourceId(0),
            b"[DEFAULT]\nact = ban[%(port)s]\n[a]\nport = 5060\nact = %(default/act)s\n",
        );
        assert_eq!(option(&jails, "a", "act"), Some(Ok("ban[5060]".to_owned())));
        let options = BTreeMap::from([("kind".to_owned(), "file".to_owned())]);
        let whole = option(&ini, "Definition", "whole").expect("an option").expect("a value");
        assert_eq!(tags(&ini, &options, &whole).as_deref(), Ok("a%b <HOST>"));
    }

    #[test]
    fn what_grows_without_end_is_broken() {
        let mut text = "[a]\nx0 = 12345678901234567890\n".to_owned();
        for level in 1..9 {
            let before = level - 1;
            text.push_str(&format!("x{level} = {}\n", format!("%(x{before})s").repeat(20)));
        }
        let ini = Ini::parse(SourceId(0), text.as_bytes());
        assert_eq!(option(&ini, "a", "x8"), Some(Err(Broken)));
    }
}
