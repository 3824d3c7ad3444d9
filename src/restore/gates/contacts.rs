//! Is the intruder still registered? A new secret does not drop a contact that is bound.

use super::Judge;
use crate::evidence::Kind;
use crate::pbx::Binding;
use crate::restore::gate::{Answer, Gate};
use crate::restore::scene::{Product, Scene};
use crate::untrusted::visible;

const ID: &str = "intruder-unregistered";
pub(super) const GATES: Judge = Judge { ids: || vec![ID], judge };

/// Judges the server's own record of contacts.
fn judge(scene: &Scene<'_>) -> Vec<Gate> {
    let addresses = scene.addresses();
    if addresses.is_empty() {
        return Vec::new();
    }
    let world = scene.ground.world;
    let is_lapsed =
        |binding: &Binding| binding.expires.zip(world.last).is_some_and(|(lapses, end)| lapses < end);
    let his = world.pbx.bindings.iter().filter(|binding| {
        !is_lapsed(binding) && binding.address.is_some_and(|address| addresses.contains_key(&address))
    });
    let mut answers: Vec<Answer> = his
        .filter_map(|binding| {
            let address = binding.address?;
            let what = format!("{address} of the intruder is registered for {}", visible(&binding.account));
            Some(Answer::open(what).with(scene.proof(&binding.place)))
        })
        .collect();
    // A database that is damaged has no contacts to show.
    let is_sound = |path: &str| !world.pbx.problems.iter().any(|problem| problem.path == path);
    let databases =
        scene.ground.evidence.sources.iter().filter(|source| source.kind == Kind::AsteriskDatabase);
    let has_database = databases.map(|source| source.file.path.as_str()).any(is_sound);
    let has_record = !world.pbx.bindings.is_empty() || has_database;
    if answers.is_empty() && has_record {
        answers
            .push(Answer::closed("the server's own record of contacts has none of the intruder's addresses"));
    } else if answers.is_empty() {
        answers.push(Answer::cannot_tell("the server's record of contacts is not in the evidence"));
    }
    let product = Product::of(world);
    let gate = Gate::of(ID, "No address of the intruder is registered", answers);
    // Logs tell of registrations as well: see the gate of what is seen since.
    let required = |gate: Gate| {
        let is_known = gate.state != crate::restore::gate::State::CannotTell;
        gate.required(is_known)
    };
    gate.map(required)
        .map(|gate| {
            gate.with_to_do(
                match product {
                    Product::Asterisk => "Remove the contact (database del, or a restart of Asterisk with the new secret in force), and look that it does not come back.",
                    Product::Switch => "Flush the registration (sofia profile NAME flush_inbound_reg USER@DOMAIN reboot) with the new secret in force, and look that it does not come back.",
                    Product::Proxy => "Remove the contact (kamcmd ul.rm, opensips-cli -x mi ul_rm) with the new secret in force, and look that it does not come back.",
                },
                match product {
                    Product::Asterisk => "Copy /var/lib/asterisk/astdb.sqlite3, or save the output of `pjsip show contacts` or `sip show peers`.",
                    Product::Switch => "Copy the folder of FreeSWITCH's databases (sofia_reg_*.db).",
                    Product::Proxy => "Copy the table `location`, or save the output of `kamcmd ul.dump`.",
                },
            )
        })
        .into_iter()
        .collect()
}
