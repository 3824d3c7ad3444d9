//! fail2ban's own configuration, and what it would have done.
//!
//! It is read as fail2ban reads it, from 0.8 to 1.1: `jail.conf`, `jail.d/*.conf`, `jail.local`, `jail.d/*.local`,
//! the filters that jails name, their includes. A jail's filter is compiled, so that it can be tried on the
//! lines of this evidence, and its thresholds can be counted with. Nothing here knows an attack.

mod counting;
mod expand;
mod files;
mod filter;
mod ini;
mod jail;
pub mod stock;

pub use counting::{Counted, Counter, Outcome, Policy, replay};
pub use files::{Missing, is_configuration, read};
pub use filter::{Filter, Heard};
pub use jail::{Configuration, Jail};
