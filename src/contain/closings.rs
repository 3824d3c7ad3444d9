//! What stands open to strangers, and how each is closed: settings, doors, files with secrets where anybody gets them.

use super::{Output, Plan};
use crate::report::document::{Block, Line};
use crate::report::markdown;
use crate::untrusted::Untrusted;

/// Writes the list.
pub(super) fn files(plan: &Plan) -> Vec<Output> {
    if plan.closings.is_empty() {
        return Vec::new();
    }
    let text = markdown::render("What stands open, and how to close it", &blocks(plan));
    vec![Output::new("close.md", "settings, doors and files that stand open to strangers", text)]
}

fn blocks(plan: &Plan) -> Vec<Block> {
    let mut blocks = vec![Block::Paragraph(
        "The gravest first. Keep a copy of what is changed: as it is now it is evidence.".into(),
    )];
    for one in &plan.closings {
        blocks.push(Block::Subheading(one.why.clone().into()));
        let places = one
            .places
            .iter()
            .map(|place| Line::default().words("at ").evidence(&Untrusted::from(place.as_str())));
        let what = Line::default().evidence(&one.subject);
        // Of what was downloaded, which files: those are to be taken away.
        let is_download = plan.downloads().any(|download| std::ptr::eq(download, one));
        let detail = is_download.then_some(&one.detail);
        let told = detail.into_iter().chain([&one.remedy]).map(|text| Line::from(text.as_str()));
        blocks.extend(Block::list(std::iter::once(what).chain(told).chain(places)));
    }
    blocks.extend(super::going_back(
        "put the copy back, and have the program read it again.",
        "`tolltrace restore COPY-AFTER-REPAIR --case CASE` says of each whether it is closed.",
    ));
    blocks
}
