//! What to cut off and change right now, as files to be reviewed: nothing here runs anything.
//!
//! [`Plan`] is the one model of it. Each module below writes one file, or a few of one kind, from it: rules for the
//! firewall, commands to end calls, secrets to change, routes to close, a jail of fail2ban, things to take away, what
//! to tell the carrier, and what to save first on a system that still runs. Every script says first what it changes,
//! how to undo it and how to check it; sh scripts only show what they would do until they are given the word `now`.
//!
//! What an attacker named reaches a script through [`words`] or not at all.

mod asterisk;
mod called;
mod carrier;
mod closings;
mod credentials;
mod dialplan;
pub(crate) mod fail2ban;
mod firewall;
mod folder;
mod freeswitch;
mod generated;
mod orders;
mod outbound;
mod plan;
mod proxy;
mod removals;
mod script;
#[cfg(test)]
mod tests;
mod volatile;
pub mod words;

pub use folder::write;
pub use generated::{NewSecrets, NoRandomness, secrets};
pub use orders::blocks;
pub use plan::{
    ByHand, Closing, Country, Credential, Cut, EmergencyWay, Intrusion, Jail, Keep, Kept, Leads, LogForm,
    OpenRoute, Outbound, Plan, Product, Removal, RemovalKind, Replayed, ScriptTurn, Taken, TrunkLine, Turn,
    Unresolved,
};

use crate::report::document::{Block, Line};

/// How the files are to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// Are calls that are up to be ended with the rest?
    pub end_calls: bool,
}

/// A file to be written.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its path below the folder.
    pub path: String,
    /// What it is for, in one line.
    pub purpose: &'static str,
    /// What it holds.
    pub text: String,
}

impl Output {
    fn new(path: &str, purpose: &'static str, text: String) -> Self {
        Output { path: path.to_owned(), purpose, text }
    }
}

/// Ends a list that a person works through as each script begins: with the way back, and how to see that it holds.
fn going_back(undo: &str, check: &str) -> Vec<Block> {
    let lines = [format!("How to undo it: {undo}"), format!("How to check it: {check}")];
    let mut blocks = vec![Block::heading("Going back, and making sure")];
    blocks.extend(Block::list(lines.iter().map(|line| Line::typed(line))));
    blocks
}

/// The name of the folder of a case.
pub const FOLDER: &str = "contain";
/// The name of the file of new secrets.
pub const SECRETS: &str = "new-secrets.txt";

/// Writes every file that the plan justifies, in the order in which they are needed; the guide is the first.
pub fn files(plan: &Plan, asked: Asked) -> Vec<Output> {
    let mut files = volatile::files(plan);
    files.extend(asterisk::files(plan, asked));
    files.extend(freeswitch::files(plan, asked));
    files.extend(proxy::files(plan, asked));
    files.extend(firewall::files(plan, asked));
    files.extend(carrier::files(plan));
    files.extend(credentials::files(plan));
    files.extend(closings::files(plan));
    files.extend(outbound::files(plan));
    files.extend(removals::files(plan));
    files.extend(fail2ban::files(plan));
    let guide = orders::guide(plan, asked, &files);
    std::iter::once(guide).chain(files).collect()
}
