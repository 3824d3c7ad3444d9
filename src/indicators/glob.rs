//! Paths with wildcards: `*` within one name, `**` across folders, `{a,b}` for either of two.

/// Returns whether a path, beginning with `/`, fits a pattern.
///
/// A pattern that begins with `**/` fits below any folder. Both are cut at the deepest that anybody keeps, so that
/// a hostile path costs little.
pub(super) fn fits(pattern: &str, path: &str) -> bool {
    // Nearly every path fails by its last name already.
    let last = |text| str::rsplit(text, '/').next().unwrap_or_default();
    if !names(last(pattern), last(path)) {
        return false;
    }
    let pattern: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).take(64).collect();
    folders(&pattern, &path)
}

fn folders(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => {
            (0..=path.len()).any(|from| folders(rest, path.get(from..).unwrap_or(&[])))
        }
        (Some((first, rest)), Some((name, below))) => names(first, name) && folders(rest, below),
        _ => false,
    }
}

/// Returns whether one name fits one part of a pattern.
fn names(pattern: &str, name: &str) -> bool {
    if let Some((before, rest)) = pattern.split_once('{')
        && let Some((choices, after)) = rest.split_once('}')
    {
        return choices.split(',').any(|choice| names(&format!("{before}{choice}{after}"), name));
    }
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn wildcards() {
        assert!(fits("/var/www/html/**/modular.php", "/var/www/html/modular.php"));
        assert!(fits("/var/www/html/**/modular.php", "/var/www/html/a/b/modular.php"));
        assert!(!fits("/var/www/html/**/modular.php", "/var/www/html/xmodular.php"));
        assert!(fits("**/zen2", "/tmp/zen2"));
        assert!(!fits("**/zen2", "/tmp/zen2/x"));
        assert!(fits("/a/*{b,c}.php", "/a/xc.php"));
        assert!(!fits("/a/{b,c}.php", "/a/d.php"));
        assert!(fits("/a/w*t*r", "/a/wetter"));
        assert!(!fits("/a/*.php", "/a/b/c.php"));
    }
}
