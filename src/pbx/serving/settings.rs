//! `KEY=value` files, as `/etc/default` and many servers have them.

/// Goes over the lines that are no comments.
pub(in crate::pbx) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']))
}

/// Returns the last value of a setting, `KEY=value` or `key = value`, without quotes.
pub(in crate::pbx) fn value(text: &str, key: &str) -> Option<String> {
    let values = lines(text).filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim().trim_end_matches('+').trim() == key)
            .then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    });
    values.last()
}

/// Returns whether a setting stands there, with or without a value.
pub(in crate::pbx) fn is_set(text: &str, key: &str) -> bool {
    lines(text).any(|line| line.split('=').next().is_some_and(|name| name.trim() == key))
}

/// Returns whether a setting is on; `None` where it does not stand there.
pub(in crate::pbx) fn switch(text: &str, key: &str) -> Option<bool> {
    value(text, key).map(|value| matches!(value.to_ascii_lowercase().as_str(), "yes" | "true" | "1" | "on"))
}
