//! Which extension a dialled number meets, as `pbx_find_extension` looks for it: the extensions of the context
//! in their order, then its includes, each with its own.

use std::collections::BTreeSet;

use super::model::{Dialplan, Extension};
use super::timing::Moment;

/// Includes nest no deeper; Asterisk's own limit is 128 (`AST_PBX_MAX_STACK`).
const DEEPEST: usize = 128;

/// What a number meets.
#[derive(Clone, Copy)]
pub struct Found<'a> {
    /// The context that the extension stands in: the one asked for, or one that it includes.
    pub context: &'a str,
    /// The extension.
    pub extension: &'a Extension,
}

/// Who calls, and when.
#[derive(Clone, Copy, Debug, Default)]
struct Circumstances<'a> {
    caller: Option<&'a str>,
    at: Option<Moment>,
}

impl Dialplan {
    /// Returns the extension that a number meets in a context. An include that holds only at times counts where
    /// the moment is not known; one with a zone of its own counts always.
    pub fn find(
        &self,
        context: &str,
        number: &str,
        caller: Option<&str>,
        at: Option<Moment>,
    ) -> Option<Found<'_>> {
        self.look(context, number, Circumstances { caller, at }, &mut BTreeSet::new(), DEEPEST)
    }

    fn look<'a>(
        &'a self,
        context: &str,
        number: &str,
        circumstances: Circumstances<'_>,
        seen: &mut BTreeSet<&'a str>,
        depth: usize,
    ) -> Option<Found<'a>> {
        let (name, held) = self.contexts.get_key_value(context)?;
        // What includes itself was looked at already.
        if depth == 0 || !seen.insert(name) {
            return None;
        }
        let own = held.extensions.iter().find(|extension| {
            let is_for = |caller: &str| extension.caller.as_ref().is_none_or(|wanted| wanted.matches(caller));
            extension.steps.contains_key(&1)
                && extension.pattern.matches(number)
                && circumstances.caller.map_or(extension.caller.is_none(), is_for)
        });
        if let Some(extension) = own {
            return Some(Found { context: name, extension });
        }
        held.includes
            .iter()
            .filter(|include| match (&include.timing, circumstances.at) {
                (Some(timing), Some(at)) => timing.zone.is_some() || timing.holds(at),
                _ => true,
            })
            .find_map(|include| self.look(&include.context, number, circumstances, seen, depth - 1))
    }
}
