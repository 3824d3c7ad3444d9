//! What a case keeps of the secrets in force, for `restore` to tell whether they were changed.

use std::collections::BTreeMap;

use super::Examined;
use crate::artifacts::place::on_disk;
use crate::checks::provisioning;
use crate::evidence::Evidence;
use crate::pbx::{Pbx, Standing};
use crate::restore::Kept;

/// Keeps of the secrets what tells later whether they were changed, those of the accounts that were taken first.
pub(super) fn keep(evidence: &Evidence, pbx: &Pbx, examined: &mut Examined) {
    let report = &mut examined.report;
    let taken = report.incidents.iter().flat_map(|incident| &incident.accounts);
    let taken = taken.map(|account| account.name.raw().to_owned()).collect();
    let hashes = report.evidence.iter().filter_map(|row| row.sha256.as_deref());
    let exposed = provisioning::exposed_accounts(pbx, &report.findings);
    let exposed = exposed.into_iter().map(str::to_owned).collect();
    let mut kept = Kept::of(&pbx.secret_values, &taken, exposed, hashes.collect::<String>().as_bytes());
    kept.places = places(evidence, pbx);
    if kept.left_out > 0 {
        report.limits.push(format!(
            "of {} secrets the case keeps nothing by which a change of them could be told: hashing is slow, and those \
             of taken accounts, trunks and administrators come first",
            kept.left_out
        ));
    }
    examined.kept = Some(kept);
}

/// Returns the file of the disk in which each secret in force stands.
fn places(evidence: &Evidence, pbx: &Pbx) -> BTreeMap<(String, String), String> {
    let in_force = pbx.held_secrets.iter().filter(|held| held.standing == Standing::InForce);
    let placed = in_force.filter_map(|held| {
        let file = &evidence.source(held.place.place.source)?.file;
        // What lies in an archive on the disk is no file of it.
        let path = on_disk(&file.placed).into_owned();
        (!path.contains("!/")).then(|| ((held.kind.word().to_owned(), held.owner.clone()), path))
    });
    placed.collect()
}
