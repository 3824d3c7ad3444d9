//! Who can get where by the dialplan: worked out once, for all who ask.

use std::collections::BTreeSet;
use std::fmt;

use crate::pbx::dialplan::walk::{ALL_WALKS, Outlet, Reached, walk};
use crate::pbx::dialplan::{Dialplan, Numbers};
use crate::pbx::{PanelTone, Pbx};

/// Contexts of accounts that are walked; a server has a handful.
const MOST_CONTEXTS: usize = 40;

/// A context that callers enter, and where it leads.
pub(crate) struct Way<'w> {
    /// The context.
    pub(crate) context: String,
    /// What can be reached.
    pub(crate) reached: Reached<'w>,
}

/// All contexts that callers enter.
pub(crate) struct Ways<'w> {
    /// The dialplan itself.
    pub(crate) plan: &'w Dialplan,
    /// Second dial tones that the panel lists.
    pub(crate) tones: &'w [PanelTone],
    /// Those of carriers: whoever calls one of the house's numbers.
    pub(crate) carriers: Vec<Way<'w>>,
    /// Those of callers without an account.
    pub(crate) guests: Vec<Way<'w>>,
    /// Those of accounts.
    pub(crate) accounts: Vec<Way<'w>>,
    /// Limits that were hit.
    pub(crate) limits: Vec<String>,
}

impl fmt::Debug for Ways<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [carriers, guests, accounts] = [&self.carriers, &self.guests, &self.accounts].map(Vec::len);
        write!(
            formatter,
            "Ways from {carriers} contexts of carriers, {guests} of guests, {accounts} of accounts"
        )
    }
}

impl<'w> Ways<'w> {
    /// Walks from every context that somebody enters.
    pub(super) fn new(pbx: &'w Pbx, known: &BTreeSet<String>) -> Self {
        let plan = &pbx.dialplan;
        let is_account = |name: &str| known.contains(name);
        let mut budget = ALL_WALKS;
        let mut way = |context: &str| Way {
            context: context.to_owned(),
            reached: walk(plan, context, Numbers::any(), &is_account, &mut budget),
        };
        let carriers: BTreeSet<&str> =
            pbx.trunks.iter().filter_map(|trunk| trunk.context.as_deref()).collect();
        let accounts: BTreeSet<&str> =
            pbx.accounts.iter().filter_map(|account| account.context.as_deref()).collect();
        let guests: BTreeSet<&str> = match pbx.allow_guest {
            Some(true) => pbx.guest_contexts.iter().map(String::as_str).collect(),
            _ => BTreeSet::new(),
        };
        let mut known = |contexts: &BTreeSet<&str>| -> Vec<Way<'w>> {
            let known = contexts.iter().filter(|context| plan.contexts.contains_key(**context));
            known.take(MOST_CONTEXTS).map(|context| way(context)).collect()
        };
        let mut ways = Ways {
            plan,
            tones: &pbx.panel.tones,
            carriers: known(&carriers),
            guests: known(&guests),
            accounts: known(&accounts),
            limits: Vec::new(),
        };
        let all = ways.carriers.iter().chain(&ways.guests).chain(&ways.accounts);
        let cut = all.filter(|way| way.reached.is_cut).map(|way| {
            let context = crate::untrusted::visible(&way.context);
            format!(
                "the dialplan behind [{context}] is larger than what is followed: ways out may be missing"
            )
        });
        ways.limits = cut.collect();
        ways
    }

    /// Goes over the ways of those from outside, with the word for who they are.
    pub(crate) fn outside(&self) -> impl Iterator<Item = (&'static str, &Way<'w>)> {
        let carriers = self.carriers.iter().map(|way| ("whoever calls in by a trunk", way));
        carriers.chain(self.guests.iter().map(|way| ("anybody without an account", way)))
    }
}

/// Returns whether a way out lets more than one fixed number through.
pub(crate) fn is_open(outlet: &Outlet<'_>) -> bool {
    !outlet.numbers.is_one()
}

/// Names a way out: `_011. of [outbound] by carrier`.
pub(crate) fn name(outlet: &Outlet<'_>) -> String {
    let show = crate::untrusted::visible;
    let trunk =
        if outlet.trunk.contains("${") { String::new() } else { format!(" by {}", show(&outlet.trunk)) };
    format!("{} of [{}]{trunk}", show(outlet.extension), show(outlet.context))
}
