//! Tables of calls and settings whose rows are in the evidence, or were, and are not read.

use std::collections::BTreeMap;

use crate::evidence::Evidence;
use crate::mariadb::Unread;
use crate::untrusted::visible;

/// Tables that are named; the rest is counted.
const MOST_NAMED: usize = 8;
/// How to come by rows that are not read.
const HOW: &str = "On a copy of the data directory, never on the original, start a server of the same version without \
     networking, read-only where it can be, and dump the databases with mysqldump; or hand over the backups' dumps.";

/// Adds a gap for each reason.
pub(super) fn gaps(evidence: &Evidence, add: &mut dyn FnMut(&str, &str, &str)) {
    let mut by_reason: BTreeMap<Unread, Vec<String>> = BTreeMap::new();
    for (path, why) in evidence.unread_tables() {
        by_reason.entry(why).or_default().push(visible(path));
    }
    for (why, paths) in by_reason {
        let mut named = paths.iter().take(MOST_NAMED).cloned().collect::<Vec<String>>().join(", ");
        if paths.len() > MOST_NAMED {
            named.push_str(&format!(" and {} more", paths.len() - MOST_NAMED));
        }
        let (what, cost) = match why {
            Unread::Shared => (
                "Tables without files of rows, which InnoDB's shared tablespace (ibdata1) does not tell to be in it",
                "Calls and settings that stand only there are not known, nor whether any were deleted.",
            ),
            Unread::Further => (
                "Further files of InnoDB's shared tablespace, which are not read",
                "Rows that lie there, alive or deleted, are missing from the tables without files of their own.",
            ),
            Unread::Missing => (
                "Definitions of tables without the files of their rows",
                "Calls and settings of these tables are not known.",
            ),
            Unread::OldLog => (
                "A redo log of a form that is not read (before MariaDB 10.5, or MySQL's)",
                "Deleted calls that stand only there are not found, and whether the server was killed in the middle of its work cannot be told.",
            ),
        };
        add(&format!("{what}: {named}"), cost, HOW);
    }
}
