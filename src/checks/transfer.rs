//! Calls that somebody outside can send on: `T` on what comes in, `t` on what goes out.

use super::Show;
use crate::pbx::dialplan::walk::Transfer;
use crate::reconstruct::ways::{Way, Ways, is_open};
use crate::report::model::{Finding, Proof, Severity};
use crate::untrusted::Untrusted;

/// Places shown.
const MOST_PROOFS: usize = 4;

/// Yields one finding for each of the two, whatever the number of steps. It needs a trunk in reach to cost.
pub(super) fn check(ways: &Ways<'_>, show: &Show<'_>) -> Vec<Finding> {
    let can_cost = |way: &&Way<'_>| way.reached.outlets.iter().any(is_open);
    let incoming: Vec<&Transfer<'_>> = ways
        .outside()
        .flat_map(|(_, way)| &way.reached.transfers)
        .filter(|transfer| transfer.by_caller && !transfer.goes_out)
        .collect();
    let outgoing: Vec<&Transfer<'_>> = ways
        .accounts
        .iter()
        .filter(can_cost)
        .flat_map(|way| &way.reached.transfers)
        .filter(|transfer| transfer.by_called && transfer.goes_out)
        .collect();
    let kinds = [
        (incoming, "incoming", "Callers from outside can send their own call on to another number", "T"),
        (outgoing, "outgoing", "Whoever is called outside can send the call on to another number", "t"),
    ];
    let each = kinds.into_iter().filter(|(transfers, ..)| !transfers.is_empty());
    each.map(|(transfers, subject, title, letter)| Finding {
        id: "transfer-allowed",
        severity: Severity::Medium,
        subject: Untrusted::from(subject),
        title: title.to_owned(),
        detail: format!(
            "Dial has the option {letter} in {} of the dialplan: the digits of features.conf transfer the call, in the \
             context of the channel.",
            crate::report::document::counted(transfers.len() as u64, "step")
        ),
        remedy: format!(
            "Take {letter} out of these steps (FreePBX: out of the dial options of trunks and of incoming calls), or set TRANSFER_CONTEXT to one without a route."
        ),
        // MITRE ATT&CK: Resource Hijacking.
        attack: vec!["T1496"],
        evidence: proofs(&transfers, show),
    })
    .collect()
}

fn proofs(transfers: &[&Transfer<'_>], show: &Show<'_>) -> Vec<Proof> {
    transfers.iter().filter_map(|transfer| show(transfer.place)).take(MOST_PROOFS).collect()
}
