//! Questions about accounts whose calls look like fraud where the evidence begins with them.

use std::collections::BTreeSet;

use super::build::Case;
use crate::evidence::cite;
use crate::reconstruct::incident::Incident;
use crate::reconstruct::unprecedented::{self, Unprecedented};
use crate::report::document::counted;
use crate::report::model::ToConfirm;
use crate::untrusted::Untrusted;

/// Returns one question for each such account.
pub(super) fn to_confirm(case: &Case<'_>, incidents: &[Incident]) -> Vec<ToConfirm> {
    let found = unprecedented::find(case.world, incidents);
    found.iter().map(|one| question(case, one)).collect()
}

fn question(case: &Case<'_>, one: &Unprecedented) -> ToConfirm {
    let places: BTreeSet<_> = one.places.iter().copied().collect();
    let lines = cite::lines(case.evidence, &places);
    ToConfirm {
        account: Untrusted::from(one.account.as_str()),
        address: None,
        addresses: 0,
        uses: 0,
        calls: one.calls as u64,
        first: case.when(one.first),
        last: case.when(one.last),
        why: format!(
            "used for {} that look like fraud ({}), and what it was used for before is not on record",
            counted(one.calls as u64, "call"),
            one.reasons.join(", ")
        ),
        evidence: case.proofs(lines.values()),
    }
}
