//! What the configuration says; read before any log.
//!
//! It tells readers the date format and the columns, and reconstruction which accounts exist. It
//! knows no log. Secrets are weighed and compared while they are read and never leave this module.

mod access;
mod address;
mod call_records;
pub mod dialplan;
mod directory;
mod file_servers;
mod freeswitch;
mod iax;
mod internal_database;
mod language;
mod logger;
mod manager;
mod model;
mod modules;
mod phone;
mod pjsip;
mod pjsip_wizard;
mod proxy;
mod read;
mod recognise;
mod secret;
mod sip;
mod tables;
#[cfg(test)]
mod tests;
mod users;

pub use file_servers::is_file_server;
pub use freeswitch::{SwitchPlan, is_freeswitch_configuration, is_registration_database};
pub use internal_database::is_internal_database;
pub use model::{
    Account, Binding, CallRecordSettings, FileServer, Forward, LogChannel, Logger, LoginCounts, ManagerUser,
    Pbx, PhoneAccount, PhoneFile, Problem, SecretStrength, Technology, Trunk,
};
pub use phone::{Asked, is_phone_file};
pub use proxy::is_configuration as is_proxy_configuration;
pub use read::read;
pub use recognise::is_configuration;
