//! Secrets of published configurations, beside what another parser made of them.

use std::path::{Path, PathBuf};

use tolltrace::evidence::Evidence;
use tolltrace::pbx::{self, HeldSecret, Pbx, Weakness};

use crate::support::shared;

fn read(folder: &Path) -> (Evidence, Pbx) {
    let evidence = Evidence::gather(&[folder.to_path_buf()]).expect("the folder is there");
    let pbx = pbx::read(&evidence);
    (evidence, pbx)
}

fn trees() -> Vec<PathBuf> {
    let Some(folder) = shared("corpora/trees") else { return Vec::new() };
    let mut trees: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    trees.sort();
    trees
}

/// Returns whether a line, counted from 1, stands between lines that begin with `;--` and with `--;`.
fn is_in_block(file: &Path, number: u64) -> bool {
    let bytes = std::fs::read(file).unwrap();
    let lines = bytes.split(|byte| *byte == b'\n').take(number as usize);
    lines.fold(false, |inside, line| {
        let opens = line.starts_with(b";--") && !line.starts_with(b";---");
        (inside || opens) && !line.starts_with(b"--;")
    })
}

/// `expected-secrets.jsonl` beside a tree has a row for each line with a secret, by file and line.
#[test]
fn published_secrets_have_the_weaknesses_that_another_parser_saw() {
    let mut compared = 0;
    for tree in trees() {
        let Ok(expected) = std::fs::read_to_string(tree.join("expected-secrets.jsonl")) else { continue };
        let (evidence, pbx) = read(&tree);
        let path_of = |held: &HeldSecret| &evidence.source(held.place.place.source).unwrap().file.path;
        for line in expected.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let yes = |name: &str| row[name].as_bool().unwrap_or_default();
            let number = row["line"].as_u64().unwrap();
            let held: Vec<&HeldSecret> = pbx
                .held_secrets
                .iter()
                .filter(|held| path_of(held) == row["file"].as_str().unwrap())
                .filter(|held| u64::from(held.place.place.line) == number)
                .collect();
            let place = format!("{} {}:{number}", tree.display(), row["file"]);
            // The other parser knows no block comments.
            if is_in_block(&tree.join(row["file"].as_str().unwrap()), number) {
                assert!(held.is_empty(), "{place}: what is commented out is no secret");
                continue;
            }
            assert!(!held.is_empty(), "{place}: no secret was seen");
            compared += 1;
            let has = |weaknesses: &[Weakness]| {
                held.iter().any(|held| weaknesses.iter().any(|weakness| held.weaknesses.contains(weakness)))
            };
            let seen: Vec<_> = held.iter().map(|held| &held.weaknesses).collect();
            for (is_wanted, weaknesses) in [
                (yes("equals_section"), &[Weakness::EqualsName][..]),
                (yes("known_default"), &[Weakness::Shipped, Weakness::Common]),
                (yes("numeric"), &[Weakness::DigitsOnly]),
                (row["len"].as_u64().unwrap() < 8, &[Weakness::Short]),
            ] {
                assert!(!is_wanted || has(weaknesses), "{place}: {weaknesses:?} is not among {seen:?}");
            }
            let reuse = usize::try_from(row["reuse"].as_u64().unwrap()).unwrap();
            assert!(held.iter().any(|held| held.places >= reuse), "{place}: not seen in {reuse} places");
        }
    }
    eprintln!("{compared} secrets compared");
}
