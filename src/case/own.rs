//! The words of the owner's side that the configuration tells: what `--redact` has to look for.

use std::collections::BTreeSet;

use crate::pbx::Pbx;
use crate::report::model::Report;
use crate::report::redact::{self, OwnWords};

/// Collects names of accounts and of people, but for those that an intruder made up.
pub(super) fn words(pbx: &Pbx, report: &Report) -> OwnWords {
    let made = redact::made_by_intruders(report);
    let mut accounts = BTreeSet::new();
    let mut people = BTreeSet::new();
    for account in pbx.accounts.iter().filter(|account| !made.contains(&account.name)) {
        accounts.insert(account.name.clone());
        accounts.extend(account.auth_name.clone());
        people.extend(account.display_name.clone());
    }
    accounts.extend(pbx.trunks.iter().map(|trunk| trunk.name.clone()));
    accounts.extend(pbx.manager_users.iter().map(|user| user.name.clone()));
    accounts
        .extend(pbx.phone_files.iter().flat_map(|file| &file.accounts).map(|account| account.name.clone()));
    accounts.extend(pbx.bindings.iter().map(|binding| binding.account.clone()));
    accounts.extend(pbx.forwards.iter().map(|forward| forward.account.clone()));
    accounts.extend(pbx.panel.users.iter().map(|user| user.name.clone()));
    accounts.extend(pbx.panel.trunks.iter().map(|trunk| trunk.name.clone()));
    accounts.extend(pbx.dialplan.mailboxes.iter().map(|mailbox| mailbox.name.clone()));
    people.extend(pbx.system_name.clone());
    OwnWords { accounts: accounts.into_iter().collect(), people: people.into_iter().collect() }
}
