//! What the host's own programs write into syslog: who logged in, who became root, whose account was
//! made, what ran by the clock, and which lines were thrown away.

mod cron;
mod login;
mod lost_lines;
mod sshd;
mod sudo;
mod users;

pub(super) use cron::PROGRAM as CRON;
pub(super) use login::PROGRAM as LOGIN;
pub(super) use lost_lines::PROGRAM as LOST_LINES;
pub(super) use sshd::PROGRAM as SSHD;
pub(super) use sudo::{SU, SUDO};
pub(super) use users::PROGRAM as USERS;
