//! Which account a name in a log or record is: names are `user@domain`, and several domains may have the
//! same user.

use std::collections::{BTreeMap, BTreeSet};

use crate::pbx::Pbx;

/// What callers without credentials are called, as Asterisk calls them.
pub(super) const NOBODY: &[u8] = b"anonymous";

/// The accounts that exist, and where calls of nobody land.
#[derive(Clone, Debug, Default)]
pub(in crate::readers) struct Accounts {
    names: BTreeSet<Vec<u8>>,
    /// Names by the numbers that FusionPBX gives extensions.
    ids: BTreeMap<Vec<u8>, Vec<u8>>,
    guest_contexts: BTreeSet<Vec<u8>>,
}

impl Accounts {
    /// Takes them from the configuration.
    pub(in crate::readers) fn of(pbx: &Pbx) -> Self {
        let bytes = |name: &String| name.as_bytes().to_vec();
        Accounts {
            names: pbx.accounts.iter().map(|account| bytes(&account.name)).collect(),
            ids: pbx.extension_ids.iter().map(|(id, name)| (bytes(id), bytes(name))).collect(),
            guest_contexts: pbx.guest_contexts.iter().map(bytes).collect(),
        }
    }

    /// Returns whether an account has that name.
    pub(super) fn has(&self, name: &[u8]) -> bool {
        self.names.contains(name)
    }

    /// Returns the name of the account that FusionPBX gave this number.
    pub(super) fn by_id(&self, id: &[u8]) -> Option<&[u8]> {
        self.ids.get(id).map(Vec::as_slice)
    }

    /// Returns whether no account is known at all.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Returns whether calls that no account made enter this context.
    ///
    /// `public` is where the shipped configuration sends them.
    pub(super) fn is_for_guests(&self, context: &[u8]) -> bool {
        if self.guest_contexts.is_empty() {
            context == b"public"
        } else {
            self.guest_contexts.contains(context)
        }
    }

    /// Returns the account's name in `user@domain`: the whole where several domains have the user, else the
    /// user alone.
    pub(super) fn named<'a>(&self, user_at_domain: &'a [u8]) -> &'a [u8] {
        let user = user_of(user_at_domain);
        if self.has(user_at_domain) { user_at_domain } else { user }
    }
}

/// Returns the user in `user@domain`.
pub(super) fn user_of(user_at_domain: &[u8]) -> &[u8] {
    memchr::memrchr(b'@', user_at_domain).and_then(|at| user_at_domain.get(..at)).unwrap_or(user_at_domain)
}
