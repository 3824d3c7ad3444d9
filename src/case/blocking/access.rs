//! Access lists of the accounts that were taken over.

use crate::case::build::Case;
use crate::pbx::Technology;
use crate::reconstruct::incident::Incident;
use crate::report::model::{NotBlocked, Verdict};

/// Accounts told one by one.
const MOST_ACCOUNTS: usize = 5;

/// Weighs the access list of each account.
pub(super) fn judge(case: &Case<'_>, incident: &Incident) -> Vec<NotBlocked> {
    let accounts = &case.world.pbx.accounts;
    // Of FreeSWITCH and proxies such lists are not read account by account.
    let is_read = |technology| matches!(technology, Technology::Sip | Technology::Pjsip | Technology::Iax2);
    let taken = accounts
        .iter()
        .filter(|account| is_read(account.technology) && incident.accounts.contains_key(&account.name));
    let weighed = taken.take(MOST_ACCOUNTS).map(|account| {
        let name = crate::untrusted::visible(&account.name);
        let mut users = incident.actors.iter().filter(|(_, actor)| actor.is_inside()).map(|(address, _)| address);
        let (verdict, why) = if account.permit.is_empty() {
            (Verdict::LetsThrough, format!("account {name} may be used from anywhere: nothing limits the addresses it is used from"))
        } else if let Some(address) =
            users.clone().find(|address| account.permit.iter().any(|network| network.contains(*address)))
        {
            (Verdict::LetsThrough, format!("the list of account {name} lets {address} in"))
        } else if let Some(address) = users.next() {
            (Verdict::CannotTell, format!("the list of account {name} as it stands keeps {address} out: it was another then, or is not in force"))
        } else {
            (Verdict::CannotTell, format!("the list of account {name} names networks, and from where the account was used is not on record"))
        };
        NotBlocked { defence: format!("access list of {name}"), verdict, why, evidence: case.proofs([&account.place]) }
    });
    weighed.collect()
}
