//! Pages that run what a stranger sends.
//!
//! A published mark, or a page that runs what a request holds, is enough; that a page is packed, hidden or where no
//! page belongs is a reason to look. What a panel's module was signed with is judged by another check.

use super::{Show, marks};
use crate::artifacts::{Artifact, Sign};
use crate::indicators::Confidence;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Yields one finding for each page in a web root that bears marks.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let pages = world.artifacts.files.iter().filter(|file| file.is_page());
    pages.filter_map(|page| of_page(page, show)).collect()
}

/// Returns whether a page is one of an intruder's, as far as a page can tell by itself.
pub(super) fn is_shell(page: &Artifact) -> bool {
    let of_content = page.marks.iter().filter(|mark| !is_of_others(mark.sign));
    let sure = of_content.clone().any(|mark| mark.confidence == Confidence::High);
    // A signed page that is what it was signed as has no mark of its signature.
    let is_odd = page.marks.iter().any(|mark| mark.sign == Sign::Unlisted) || page.is_newer;
    sure || (is_odd && of_content.into_iter().any(|mark| mark.confidence == Confidence::Medium))
}

/// Returns whether a sign is another check's: what a module was signed with, what nobody may read.
fn is_of_others(sign: Sign) -> bool {
    matches!(sign, Sign::Changed | Sign::Unlisted | Sign::Locked)
}

fn of_page(page: &Artifact, show: &Show<'_>) -> Option<Finding> {
    let told = marks::told(page);
    if told.iter().all(|mark| is_of_others(mark.sign)) {
        return None;
    }
    let is_shell = is_shell(page);
    let path = visible(&page.on_disk);
    let (severity, title) = if is_shell {
        (Severity::Critical, format!("{path} was left in the web root by an intruder"))
    } else {
        (Severity::Medium, format!("{path} looks as if an intruder had left it in the web root"))
    };
    let newer = if page.is_newer { " It is newer than every page beside it by a week or more." } else { "" };
    Some(Finding {
        id: "web-shell",
        severity,
        subject: Untrusted::from(page.on_disk.as_str()),
        title,
        detail: format!("{}{newer}{}", marks::detail(&told), marks::written(page)),
        remedy: "Keep a copy with its times, then take the page away; look for who asked for it, for what runs \
                 by the clock and writes it anew, and for the hole by which it came. Where a program could run as \
                 root, build the host anew."
            .into(),
        // MITRE ATT&CK: Server Software Component: Web Shell.
        attack: vec!["T1505.003"],
        evidence: marks::proof(page, &told, show),
    })
}
