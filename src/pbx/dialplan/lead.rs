//! Where one number leads from one context, as Asterisk looks it up: an emergency number above all.
//!
//! Unlike the walk with a set of numbers, only the extension that the number meets first is followed, there and
//! behind each jump. Conditions are still taken both ways, and what a program decides is not followed.

use super::model::Dialplan;
use super::walk::follow;

/// Where a number leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lead<'a> {
    /// A trunk is dialled.
    Out {
        /// The context of the step that dials.
        context: &'a str,
        /// The extension of that step.
        extension: &'a str,
        /// The trunk, as far as it is told.
        trunk: String,
        /// The number that the trunk is given.
        number: String,
    },
    /// An extension takes the number, and no trunk is reached from there.
    Inside {
        /// The context that the extension stands in.
        context: &'a str,
        /// The extension.
        extension: &'a str,
    },
    /// No extension takes it.
    Nowhere,
    /// The dialplan goes on where no file here tells.
    Unknown,
}

impl Dialplan {
    /// Follows one number from a context. Where conditions part the ways, a way that dials the number as it is counts
    /// before one that dials another. What was looked at is taken from `budget`.
    pub fn lead<'a>(
        &'a self,
        context: &str,
        number: &str,
        is_account: &dyn Fn(&str) -> bool,
        budget: &mut usize,
    ) -> Lead<'a> {
        let Some(found) = self.find(context, number, None, None) else {
            return if self.is_open_ended(context) { Lead::Unknown } else { Lead::Nowhere };
        };
        let reached = follow(self, context, number, is_account, budget);
        let given = |text: String| {
            let text = text.strip_prefix("sip:").unwrap_or(&text).to_owned();
            text.split('@').next().unwrap_or_default().to_owned()
        };
        let out = reached.outlets.iter().filter_map(|outlet| Some((outlet, given(outlet.numbers.text()?))));
        match out.min_by_key(|(_, given)| given != number) {
            Some((outlet, number)) => Lead::Out {
                context: outlet.context,
                extension: outlet.extension,
                trunk: outlet.trunk.clone(),
                number,
            },
            None if reached.is_cut || !reached.outlets.is_empty() => Lead::Unknown,
            None => Lead::Inside { context: found.context, extension: found.extension.pattern.text() },
        }
    }

    /// Returns whether a context is not here, or looks numbers up elsewhere as well.
    fn is_open_ended(&self, context: &str) -> bool {
        self.contexts.get(context).is_none_or(|held| {
            !held.switches.is_empty()
                || held.includes.iter().any(|include| {
                    self.contexts.get(&include.context).is_some_and(|inner| !inner.switches.is_empty())
                })
        })
    }
}
