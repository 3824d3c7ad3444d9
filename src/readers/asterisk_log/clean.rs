//! Terminal colours in copied console output: as bytes, as text, or with the escape byte lost.

/// Removes colour sequences from a line; `None` when it has none.
///
/// Forms seen: real `ESC[1;36m`, syslog's `#033[1;36m`, `\x1b[` and `\033[` as text, `[1;36m` and
/// `[0K` where a pipe dropped the escape byte.
pub(super) fn without_colours(line: &[u8]) -> Option<Vec<u8>> {
    let first =
        memchr::memchr_iter(b'[', line).find(|&bracket| sequence_length(&line[bracket..]).is_some())?;
    let mut clean = Vec::with_capacity(line.len());
    let mut at = 0;
    let mut bracket = Some(first);
    while let Some(found) = bracket {
        let length = sequence_length(&line[found..]).unwrap_or(1);
        let escape = escape_before(&line[at..found]);
        clean.extend_from_slice(&line[at..found - escape]);
        at = found + length;
        bracket = memchr::memchr_iter(b'[', &line[at..])
            .map(|next| at + next)
            .find(|&next| sequence_length(&line[next..]).is_some());
    }
    clean.extend_from_slice(&line[at..]);
    Some(clean)
}

/// Returns the length of `[1;36m` or `[0K` at the start of `text`.
fn sequence_length(text: &[u8]) -> Option<usize> {
    let parameters = text.get(1..)?.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    match text.get(1 + parameters)? {
        b'm' | b'K' => Some(parameters + 2),
        _ => None,
    }
}

fn escape_before(text: &[u8]) -> usize {
    [&b"\x1b"[..], b"#033", b"\\x1b", b"\\x1B", b"\\033", b"^["]
        .into_iter()
        .find(|escape| text.ends_with(escape))
        .map_or(0, <[u8]>::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_colour_goes() {
        let clean =
            |text: &[u8]| without_colours(text).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert_eq!(clean(b"\x1b[1;33mNOTICE\x1b[0m[12]").as_deref(), Some("NOTICE[12]"));
        assert_eq!(clean(b"#033[1;36mSet#033[0m(x)").as_deref(), Some("Set(x)"));
        assert_eq!(clean(b"\\x1b[1mSet[0m[0K(x)").as_deref(), Some("Set(x)"));
        assert_eq!(clean(b"NOTICE[12] Executing [s@m:1]"), None);
    }
}
