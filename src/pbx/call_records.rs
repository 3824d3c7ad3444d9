//! How call records and channel events are written: `cdr.conf`, `cdr_custom.conf`, `cel*.conf`.
//!
//! A mapping is dialplan text: `${CSV_QUOTE(${CDR(src)})},${CSV_QUOTE(${CALLERID(num)})}`, one column
//! between commas that stand outside of braces, parentheses and quotes. The code's default for
//! `usegmtime` is no, whatever the sample says (`cdr/cdr_csv.c`).

use super::language::{Document, is_true};
use super::model::CallRecordSettings;

/// No row has more columns.
const MOST_COLUMNS: usize = 512;

/// Reads what the four files say.
pub(super) fn settings(
    cdr: Option<&Document>,
    cdr_custom: Option<&Document>,
    cel: Option<&Document>,
    cel_custom: Option<&Document>,
) -> CallRecordSettings {
    // Without the setting they are written (`main/cdr.c`).
    let enabled = cdr.map(|cdr| cdr.last("general", "enable").is_none_or(is_true));
    let mut settings = CallRecordSettings { enabled, ..CallRecordSettings::default() };
    if let Some(cdr) = cdr.filter(|cdr| cdr.named("csv").next().is_some()) {
        settings.csv_in_gmt = Some(cdr.last("csv", "usegmtime").is_some_and(is_true));
    }
    for (document, columns) in
        [(cdr_custom, &mut settings.custom_columns), (cel_custom, &mut settings.event_columns)]
    {
        let mappings = document.into_iter().flat_map(|document| document.named("mappings"));
        for setting in mappings.flat_map(|section| &section.settings) {
            columns.insert(setting.name.clone(), columns_of(&setting.value));
        }
    }
    let format = cel.and_then(|cel| cel.last("general", "dateformat")).filter(|format| !format.is_empty());
    settings.event_date_format = format.map(str::to_owned);
    settings
}

/// Returns the names of a mapping's columns.
fn columns_of(mapping: &str) -> Vec<String> {
    let mut columns = Vec::new();
    let mut depth = 0_i32;
    let mut quoted = false;
    let mut start = 0;
    for (at, byte) in mapping.bytes().enumerate() {
        match byte {
            b'{' | b'(' => depth += 1,
            b'}' | b')' => depth -= 1,
            b'"' if depth == 0 => quoted = !quoted,
            b',' if depth <= 0 && !quoted && columns.len() < MOST_COLUMNS => {
                columns.push(column(mapping.get(start..at).unwrap_or_default()));
                start = at + 1;
            }
            _ => {}
        }
    }
    columns.push(column(mapping.get(start..).unwrap_or_default()));
    columns
}

/// Returns the variable that a column shows; empty for literal text.
fn column(text: &str) -> String {
    let mut text = text.trim().trim_matches('"').trim();
    loop {
        let Some(inner) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else {
            return String::new();
        };
        let call =
            inner.split_once('(').and_then(|(function, rest)| Some((function, rest.strip_suffix(')')?)));
        match call {
            Some((function, argument)) if function == "CSV_QUOTE" || function == "QUOTE" => {
                text = argument.trim();
            }
            Some(("CDR", argument)) => {
                return argument.split(',').next().unwrap_or_default().trim().to_ascii_lowercase();
            }
            _ => return inner.trim().to_ascii_lowercase(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_gives_its_columns() {
        let mapping = r#"${CSV_QUOTE(${CDR(clid)})},"${CDR(src)}",${CALLERID(num)},${eventtype},a,b${CDR(x)},${CDR(start,u)}"#;
        assert_eq!(columns_of(mapping), ["clid", "src", "callerid(num)", "eventtype", "", "", "start"]);
    }

    proptest::proptest! {
        #[test]
        fn any_mapping_is_read(mapping in "[${}()\",A-Z]{0,64}|.{0,64}") {
            let _ = columns_of(&mapping);
        }
    }
}
