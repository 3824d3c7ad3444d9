//! FreeSWITCH: its log, and its call records as delimited text, XML and JSON.
//!
//! What one unauthenticated packet can write into them decides what they prove: the user parts of a call's
//! headers are decoded before they are printed, so that a caller writes line ends into the log and whole rows
//! into the CSV files. XML and JSON records encode what they hold, and nobody outside chooses their ids.

mod accounts;
mod cause;
mod database;
mod doubt;
mod fusionpbx;
mod head;
mod leg;
mod log;
mod message;
mod per_call;
mod records;
mod template;

pub(super) use accounts::Accounts;
pub(super) use database::FORMAT as DATABASE;
pub(super) use fusionpbx::FusionTable;
pub(crate) use leg::{is_to_carrier, leads_to};
pub(super) use log::FORMAT as LOG;
pub(super) use log::PROGRAM;
pub(crate) use message::{BROKEN_OFF, INVITE, NEW_SESSION, NO_SUCH_USER};
pub(super) use per_call::{JSON, XML};
pub(super) use records::FORMAT as RECORDS;
