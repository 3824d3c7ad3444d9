//! What is on the host by its list of files, and was not collected.

use std::collections::BTreeSet;

use crate::artifacts::place;
use crate::evidence::{Evidence, sort_of};
use crate::report::document::counted;
use crate::untrusted::visible;

/// Adds a gap for each sort of files of which none was read.
pub(super) fn gaps(evidence: &Evidence, add: &mut dyn FnMut(&str, &str, &str)) {
    let files = evidence.sources.iter().map(|source| source.file.placed.as_str());
    let others = evidence.unrecognised.iter().map(|unread| unread.path.as_str());
    let mut here: BTreeSet<&str> =
        files.chain(others).filter_map(|path| sort_of(&place::on_disk(path))).collect();
    // Pages without a mark are gone through and are no sources.
    if evidence.web_code.looked_at > 0 {
        here.extend(sort_of("/var/www/"));
    }
    for (sort, listed) in evidence.file_lists.listed.iter().filter(|(sort, _)| !here.contains(**sort)) {
        let names: Vec<String> = listed.names.iter().map(|name| visible(name)).collect();
        let more = if listed.files > names.len() as u64 { ", ..." } else { "" };
        let files = counted(listed.files, "file");
        add(
            &format!(
                "On the host and not collected: {sort} ({files}, {} bytes): {}{more}",
                listed.bytes,
                names.join(", ")
            ),
            "The host's list of files has them; what stands in them could not be read.",
            "Copy these folders of the host, or of an image of its disk, and hand them over with what is there already.",
        );
    }
}
