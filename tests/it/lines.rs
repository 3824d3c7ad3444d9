//! Case files: `testdata/lines/READER.toml` holds lines and what is to be read of them.
//!
//! A case gives `input` and any of `events`, `rows` and `skipped`. Each table in them must agree with
//! the event or row at its place, in every key it has; `""` says that the field is not told.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use tolltrace::readers::FORMATS;

use crate::support::{Told, Whole, read_at_once, read_in_steps, reader_named};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    input: String,
    #[serde(default)]
    events: Vec<toml::Table>,
    #[serde(default)]
    rows: Vec<toml::Table>,
    #[serde(default)]
    skipped: Vec<Skip>,
    /// Is the input of no kind that this reader reads?
    #[serde(default)]
    unknown: bool,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Skip {
    line: u32,
    why: String,
}

#[test]
fn every_case_file_is_read_as_it_says() {
    let mut count = 0;
    for (reader, cases) in all() {
        for case in &cases {
            check(&reader, case);
            count += 1;
        }
    }
    assert!(count > 0, "there are case files");
}

#[test]
fn every_format_has_a_case_file_and_a_word_of_its_own() {
    let mut words: Vec<&str> = FORMATS.iter().map(|format| format.word).collect();
    for word in &words {
        // Lines of syslog are cases of the programs that wrote them.
        let file = folder().join(format!("{}.toml", word.replace('-', "_")));
        assert!(*word == "syslog" || file.exists(), "{word} has no case file");
    }
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), FORMATS.len());
}

/// The first case of a case file that its reader knows.
pub(crate) struct FirstCase {
    /// The reader's name.
    pub(crate) reader: String,
    /// Its lines.
    pub(crate) input: String,
}

/// Returns one case of every case file.
pub(crate) fn first_cases() -> Vec<FirstCase> {
    let files = all().into_iter();
    let first = |(reader, cases): (String, Vec<Case>)| {
        let case = cases.into_iter().find(|case| !case.unknown)?;
        Some(FirstCase { reader, input: case.input })
    };
    files.filter_map(first).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/lines")
}

fn all() -> Vec<(String, Vec<Case>)> {
    let mut files = Vec::new();
    for file in std::fs::read_dir(folder()).expect("the folder of case files is there") {
        let path = file.expect("the folder can be listed").path();
        let reader =
            path.file_stem().and_then(|stem| stem.to_str()).expect("a case file has a plain name").to_owned();
        let text = std::fs::read_to_string(&path).expect("a case file is text");
        let cases: CaseFile = toml::from_str(&text).unwrap_or_else(|error| panic!("{reader}: {error}"));
        files.push((reader, cases.case));
    }
    files
}

fn check(name: &str, case: &Case) {
    let place = format!("{name}: {}", case.name);
    let input = case.input.as_bytes();
    let Some(reader) = reader_named(name, input) else {
        assert!(case.unknown, "{place}: no reader for the input");
        return;
    };
    assert!(!case.unknown, "{place}: the input should not be recognised");
    let whole = read_at_once(reader.as_ref(), input);
    agree(&place, "event", &case.events, &whole.entries, &whole);
    agree(&place, "row", &case.rows, &whole.rows, &whole);
    let skipped: Vec<Skip> = whole
        .skipped
        .iter()
        .map(|skipped| Skip { line: skipped.line, why: format!("{:?}", skipped.why) })
        .collect();
    assert_eq!(skipped, case.skipped, "{place}: lines passed over");
    for step in [1, 7, 64, 300] {
        assert_eq!(read_in_steps(reader.as_ref(), input, step), whole, "{place}: read in steps of {step}");
    }
}

fn agree(place: &str, what: &str, wanted: &[toml::Table], found: &[Told], whole: &Whole) {
    assert_eq!(found.len(), wanted.len(), "{place}: number of {what}s in {whole:#?}");
    for (number, (wanted, found)) in wanted.iter().zip(found).enumerate() {
        for (key, value) in wanted {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let told = found.get(key.as_str()).map_or("", String::as_str);
            assert_eq!(told, value, "{place}: {key} of {what} {number}: {found:#?}");
        }
    }
}
