//! The text of one step: its application, and its arguments.

/// Splits `Application(arguments)`; old files have a `,` or `|` in place of the parentheses.
pub(super) fn split(text: &str) -> (&str, &str) {
    let Some(at) = text.find(['(', ',', '|']) else { return (text.trim(), "") };
    let (application, rest) = text.split_at(at);
    let arguments = rest.get(1..).unwrap_or_default();
    let arguments = match (rest.starts_with('('), arguments.rfind(')')) {
        (true, Some(end)) => arguments.get(..end).unwrap_or_default(),
        _ => arguments,
    };
    (application.trim(), arguments)
}

/// Splits arguments at `,` outside parentheses, brackets, braces and quotes; at `|` where there is no `,`, as
/// Asterisk up to 1.4 wrote them.
pub(super) fn arguments(text: &str) -> Vec<&str> {
    let parts = at_top(text, b',');
    if parts.len() == 1 { at_top(text, b'|') } else { parts }
}

/// Splits at a sign that stands outside of everything.
pub(super) fn at_top(text: &str, sign: u8) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut quoted, mut start) = (0_u32, false, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'(' | b'[' | b'{' if !quoted => depth += 1,
            b')' | b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ if byte == sign && depth == 0 && !quoted => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// Splits `condition?then:else` into what may follow.
pub(super) fn branches(text: &str) -> Vec<&str> {
    let mut parts = at_top(text, b'?').into_iter().skip(1);
    let Some(choices) = parts.next() else { return Vec::new() };
    at_top(choices, b':').into_iter().map(str::trim).filter(|branch| !branch.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applications_are_told_from_their_arguments() {
        assert_eq!(split("Dial(SIP/1,20,tT)"), ("Dial", "SIP/1,20,tT"));
        assert_eq!(split("Dial,SIP/1|20"), ("Dial", "SIP/1|20"));
        assert_eq!(split("Hangup"), ("Hangup", ""));
        assert_eq!(split("Gosub(a,s,1(${EXTEN},b))"), ("Gosub", "a,s,1(${EXTEN},b)"));
        assert_eq!(arguments("a,s,1(${EXTEN},b)"), ["a", "s", "1(${EXTEN},b)"]);
        assert_eq!(arguments("SIP/1|20"), ["SIP/1", "20"]);
        assert_eq!(branches(r#"$["${A}"="B?C"]?disa,1,1:t,1"#), ["disa,1,1", "t,1"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_split(text in "\\PC{0,40}") {
            let (_, inner) = split(&text);
            let _ = (arguments(inner), branches(&text));
        }
    }
}
