//! FreeSWITCH's configuration: users, gateways, SIP profiles, access lists, the event socket.
//!
//! The server writes what it loaded, all files and variables put in, to `freeswitch.xml.fsxml` beside its log:
//! that is what was in force, and it is believed before the files that it was made of, which may have been
//! changed since. Users whom it does not have are taken from the files.

mod dialplan;
mod directory;
mod profiles;
mod registrations;
mod secrets;
mod sent;
mod settings;
mod tree;
mod variables;
mod walk;

use super::read::Collector;
use crate::evidence::Evidence;

pub use dialplan::SwitchPlan;
pub use registrations::is_registration_database;
pub(super) use registrations::read_all as read_registrations;
pub use tree::is_freeswitch_configuration;
pub use walk::{Entrant, SwitchOutlet};

/// Reads all configuration of FreeSWITCH.
pub(super) fn read_all(evidence: &Evidence, collector: &mut Collector) {
    let texts = tree::gather(evidence, &mut collector.pbx.problems);
    let mut users = directory::Users::default();
    for text in &texts {
        let documents = match tree::parse(&text.expanded) {
            Ok(document) => document,
            Err(error) => {
                let what = format!("not well-formed XML: {error}");
                collector.pbx.problems.push(super::Problem { path: text.path.clone(), what });
                continue;
            }
        };
        let root = documents.root_element();
        users.collect(text, root, &texts);
        profiles::collect(text, root, collector);
        settings::collect(text, root, collector);
        collector.pbx.switch_plan.collect(text, root);
    }
    users.hand_over(collector);
    secrets::gather(&texts, collector);
}

/// Returns the value of `<param name="NAME" value="..."/>` (or `<variable ...>`) directly below a node.
fn setting<'a>(node: roxmltree::Node<'a, '_>, element: &str, name: &str) -> Option<&'a str> {
    setting_node(node, element, name).and_then(|child| child.attribute("value"))
}

/// Returns the element that has such a value.
fn setting_node<'a, 'input>(
    node: roxmltree::Node<'a, 'input>,
    element: &str,
    name: &str,
) -> Option<roxmltree::Node<'a, 'input>> {
    let named = |child: &roxmltree::Node<'a, 'input>| {
        child.has_tag_name(element)
            && child.attribute("name").is_some_and(|found| found.eq_ignore_ascii_case(name))
    };
    // The last one counts, as it does for the server.
    node.children().rfind(named)
}

/// Returns whether a value means yes (`switch_true`).
fn is_true(value: &str) -> bool {
    ["yes", "on", "true", "t", "enabled", "active", "allow"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
        || value.parse::<i64>().is_ok_and(|number| number != 0)
}
