//! Playbooks: the steps of the runbook as data.
//!
//! A playbook is a TOML file of steps, one file for one phase ([`format`]): who does what, why, with which commands,
//! what it breaks and how to go back. Built-in files and the user's are put together ([`load`]) and judged for
//! mistakes ([`lint`]). Held against a report ([`judge`]) each step is *done*, *to do*, *not needed* or *cannot tell*;
//! [`blocks`] shows them and [`cacao`] writes a playbook in a form that other programs exchange.
//!
//! Nothing in a playbook is ever executed, and what was found enters a command only through [`slots`].

pub mod blocks;
pub mod cacao;
pub mod format;
pub mod judge;
mod lint;
pub mod load;
pub mod mistake;
pub(crate) mod rules;
pub mod slots;

pub use format::Phase;
pub use load::{PlaybookError, Playbooks};
