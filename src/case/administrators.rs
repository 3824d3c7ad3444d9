//! Administrators of the panel whom nothing but the owner's word can tell from an intruder's.
//!
//! A second state of the panel's database shows who came to be; of one state alone the names say little: campaigns give
//! theirs the product's (`ampuser`, `freepbxusers`, `svc_freepbx`), and so do administrators.

use std::collections::BTreeSet;

use super::build::Case;
use crate::pbx::PanelUser;
use crate::report::model::{Finding, ToConfirm};
use crate::untrusted::Untrusted;

/// Administrators asked about; no small business has more.
const MOST: usize = 20;
/// The first administrator of every panel.
const FIRST: &str = "admin";
/// Words of products and their makers.
const OF_PRODUCTS: [&str; 10] =
    ["freepbx", "ampus", "asterisk", "sangoma", "issabel", "elastix", "fusionpbx", "support", "maint", "svc"];

/// Returns one question for each administrator beside the first, where one state of the database is all there is.
pub(super) fn to_confirm(case: &Case<'_>, findings: &[Finding]) -> Vec<ToConfirm> {
    let is_found = |user: &PanelUser| {
        findings.iter().any(|held| held.id == "unknown-admin" && held.subject.raw() == user.name)
    };
    let all: Vec<&PanelUser> =
        case.world.pbx.panel.users.iter().filter(|user| user.is_administrator).collect();
    let names: BTreeSet<&str> = all.iter().map(|user| user.name.as_str()).collect();
    if names.len() < 2 {
        return Vec::new();
    }
    let mut asked: BTreeSet<&str> = BTreeSet::new();
    let open = all.into_iter().filter(|user| user.name != FIRST && !is_found(user) && is_alone(case, user));
    open.filter(|user| asked.insert(&user.name)).take(MOST).map(|user| question(case, user)).collect()
}

/// Returns whether no other state of the user's table is in the evidence.
fn is_alone(case: &Case<'_>, user: &PanelUser) -> bool {
    let states = case.world.artifacts.snapshots.iter();
    states.filter(|state| state.tables.contains(user.table.as_str())).count() < 2
}

fn question(case: &Case<'_>, user: &PanelUser) -> ToConfirm {
    let name = user.name.to_ascii_lowercase();
    let is_of_product = OF_PRODUCTS.iter().any(|word| name.contains(word));
    let likeness = if is_of_product {
        "; its name is like those that campaigns give theirs, which is the product's"
    } else {
        ""
    };
    ToConfirm {
        account: Untrusted::from(user.name.as_str()),
        address: None,
        addresses: 0,
        uses: 0,
        calls: 0,
        first: None,
        last: None,
        why: format!(
            "an administrator of the panel{likeness}; no older state of its database is here that would tell since when"
        ),
        evidence: case.proofs(std::slice::from_ref(&user.place)),
    }
}
