//! What stands where a secret will stand: signs of templates, hints to whoever fills a file in, and the
//! marks of somebody who took the secrets out of a copy.

/// Words of hints; one alone is what careless people leave in place, and is then a secret.
const HINTS: [&str; 14] = [
    "password", "passwd", "pass", "secret", "token", "pin", "key", "your", "my", "here", "change",
    "changeme", "replace", "insert",
];
/// What brackets a name that a program puts a value for.
const BRACKETS: [(&str, &str); 12] = [
    ("<", ">"),
    ("${", "}"),
    ("$(", ")"),
    ("{{", "}}"),
    ("{$", "}"),
    ("{", "}"),
    ("%%", "%%"),
    ("%", "%"),
    ("@@", "@@"),
    ("$$", "$$"),
    ("__", "__"),
    ("#{", "}"),
];

/// Returns whether a text stands for a secret and is none.
pub(in crate::pbx) fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    is_bracketed(text) || is_blacked_out(text) || is_hint(text) || text.starts_with("<?")
}

fn is_bracketed(text: &str) -> bool {
    BRACKETS.iter().any(|(open, close)| {
        let inner = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        inner.is_some_and(|inner| {
            let mut letters = inner.chars();
            letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
                && letters.all(|letter| letter.is_alphanumeric() || " _-.:[]'$".contains(letter))
        })
    }) || ["$${", "${", "{{", "{$", "{%"].iter().any(|mark| text.contains(mark))
}

/// `********`, `xxxxxxxx`, `[REDACTED]`.
fn is_blacked_out(text: &str) -> bool {
    let is_all = |mark: char| text.chars().count() >= 3 && text.chars().all(|letter| letter == mark);
    let word = text.trim_matches(|letter: char| !letter.is_alphanumeric()).to_ascii_lowercase();
    ['*', 'x', 'X', '#', '.', '?', '•'].into_iter().any(is_all)
        || ["redacted", "removed", "hidden", "masked", "sanitized", "sanitised"].contains(&word.as_str())
}

/// `YOUR_PASSWORD`, `CHANGEME_TOKEN`, `put-your-secret-here`: words of hints only, joined.
fn is_hint(text: &str) -> bool {
    let parts: Vec<String> =
        text.split(['_', '-', ' ']).filter(|part| !part.is_empty()).map(str::to_ascii_lowercase).collect();
    let is_hint = |part: &String| HINTS.contains(&part.as_str());
    let hints = parts.iter().filter(|part| is_hint(part)).count();
    let is_shouted = text.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-'));
    parts.len() >= 2
        && (hints == parts.len() || (hints >= 2 && parts.len() <= 5) || (is_shouted && hints >= 1))
}

#[cfg(test)]
mod tests {
    use super::is_placeholder;

    #[test]
    fn what_is_to_be_filled_in_is_told_from_secrets() {
        for text in [
            "<secret>",
            "<your password>",
            "${SIP_SECRET}",
            "$${default_password}",
            "CHANGEME_TOKEN",
            "$$PASS$$",
            "{$password}",
            "{{ sip_secret }}",
            "%PASSWORD%",
            "__secret__",
            "@@SECRET@@",
            "YOUR_PASSWORD_HERE",
            "your-secret",
            "put-your-password-here",
            "********",
            "xxxxxxxx",
            "[REDACTED]",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in [
            "changeme",
            "secret",
            "password",
            "pass_1001",
            "MYCORP_2019",
            "a{b}c",
            "<7fK>2",
            "%4x%",
            "1111",
            "n2848e6d3a",
            "my-house-7",
            "K_9",
            "",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
