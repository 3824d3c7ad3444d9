//! Modules of the panel whose version has a hole that is known.

use super::Show;
use crate::artifacts::Held;
use crate::indicators::{self, Indicator, Kind};
use crate::reconstruct::world::World;
use crate::report::document::counted;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Modules told one by one; the lines of all of them are the proof.
const MOST_TOLD: usize = 5;

/// Yields one finding for the modules of the newest dump whose version is below the one that was mended.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Option<Finding> {
    let newest =
        world.artifacts.snapshots.iter().rev().find(|snapshot| snapshot.tables.contains("modules"))?;
    let (mut told, mut evidence) = (Vec::new(), Vec::new());
    for module in newest.rows.iter().filter(|row| row.held == Held::Module) {
        let known =
            indicators::of(Kind::Version).map(|(_, mark)| mark).filter(|mark| mark.table == module.name);
        for mark in known {
            let Some(mended) = mended_in(mark, &module.does) else { continue };
            let (name, version) = (visible(&module.name), visible(&module.does));
            told.push(format!("{name} {version}, mended in {mended}, {}", mark.says));
            evidence.extend(show(&module.line));
        }
    }
    (!told.is_empty()).then(|| Finding {
        id: "vulnerable-module",
        severity: Severity::Medium,
        subject: Untrusted::from("modules of the panel"),
        title: format!("{} of the panel with holes that are known", counted(told.len() as u64, "module")),
        detail: listed(&told),
        remedy:
            "Bring the panel's modules up to date (fwconsole ma upgradeall), and let nobody outside reach it."
                .into(),
        attack: vec!["T1190"],
        evidence,
    })
}

/// Tells the first modules, and how many more there are.
fn listed(told: &[String]) -> String {
    let shown: Vec<&str> = told.iter().take(MOST_TOLD).map(String::as_str).collect();
    match told.len().saturating_sub(MOST_TOLD) {
        0 => format!("{}.", shown.join("; ")),
        more => format!("{}; and {}.", shown.join("; "), counted(more as u64, "more module")),
    }
}

/// Returns the version in which a hole was mended, if that is later than this one and of the same line.
fn mended_in<'m>(mark: &'m Indicator, version: &str) -> Option<&'m str> {
    let version = numbers(version)?;
    let of_line = mark.written.iter().map(|text| (text, numbers(text)));
    let (text, _) = of_line
        .filter_map(|(text, mended)| Some((text, mended?)))
        .find(|(_, mended)| mended.first() == version.first() && version < *mended)?;
    Some(text)
}

fn numbers(version: &str) -> Option<Vec<u32>> {
    version.trim().split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_beyond_the_first_are_counted() {
        let told: Vec<String> = (1..=7).map(|number| format!("module {number}")).collect();
        assert_eq!(listed(&told[..1]), "module 1.");
        let shown = listed(&told);
        assert!(shown.contains("module 5; and 2 more modules.") && !shown.contains("module 6"), "{shown}");
    }

    #[test]
    fn versions_are_compared_within_their_line() {
        let (_, mark) =
            indicators::of(Kind::Version).find(|(_, mark)| mark.table == "endpoint").expect("a mark");
        assert_eq!(mended_in(mark, "17.0.2.31"), Some("17.0.6"));
        assert_eq!(mended_in(mark, "17.0.6"), None);
        assert_eq!(mended_in(mark, "17.0.6.1"), None);
        assert_eq!(mended_in(mark, "16.0.44.1"), Some("16.0.92"));
        assert_eq!(mended_in(mark, "14.0.1"), None);
        assert_eq!(mended_in(mark, "17.0.2beta"), None);
    }
}
