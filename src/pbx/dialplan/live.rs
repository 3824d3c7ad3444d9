//! Contexts from which a way out may be reached, whatever the number: of a panel's two hundred contexts a dozen.
//!
//! The walk enters no other. What is asked here is coarser than the walk: does any step of the context, of those
//! it includes and of those it leads to, call out.

use std::collections::{BTreeMap, BTreeSet};

use super::application::{Act, Target, acts, target};
use super::model::Dialplan;

/// Returns the names of all such contexts.
pub(super) fn contexts(dialplan: &Dialplan) -> BTreeSet<String> {
    let mut led_from: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut live: BTreeSet<String> = BTreeSet::new();
    for (name, context) in &dialplan.contexts {
        let mut leads = BTreeSet::new();
        let mut calls_out = false;
        leads.extend(context.includes.iter().map(|include| include.context.clone()));
        for step in context.extensions.iter().flat_map(|extension| extension.steps.values()) {
            for act in acts(&step.application, &step.arguments) {
                calls_out |= look(dialplan, &act, &mut leads);
            }
        }
        if calls_out {
            live.insert(name.clone());
        }
        for target in leads {
            led_from.entry(target).or_default().insert(name);
        }
    }
    let mut waiting: Vec<String> = live.iter().cloned().collect();
    while let Some(name) = waiting.pop() {
        for from in led_from.get(&name).into_iter().flatten() {
            if live.insert((*from).to_owned()) {
                waiting.push((*from).to_owned());
            }
        }
    }
    live
}

/// Notes where a step leads, and returns whether it calls out itself.
fn look(dialplan: &Dialplan, act: &Act<'_>, leads: &mut BTreeSet<String>) -> bool {
    match act {
        Act::Trunk { .. } => return true,
        Act::Options(options) => return options.contains(['t', 'T']),
        Act::Call(text) => match target(&dialplan.expanded(text)) {
            Target::Number { .. } => return true,
            Target::Local { context, .. } => {
                leads.insert(context.to_owned());
            }
            Target::Device => {}
        },
        Act::Jump { target, .. } => {
            let prefix = if target.is_macro { "macro-" } else { "" };
            let context = target.context.map(|context| dialplan.expanded(context));
            leads.extend(context.map(|context| format!("{prefix}{context}")));
        }
        Act::Disa(context) | Act::Digits(Some(context)) => {
            leads.insert(dialplan.expanded(context));
        }
        Act::Mailbox => {
            let contexts = dialplan.mailboxes.iter().flat_map(super::model::Mailbox::ways_out);
            leads.extend(contexts.map(str::to_owned));
        }
        Act::Digits(None) | Act::Read(_) | Act::Set { .. } | Act::End => {}
    }
    false
}
