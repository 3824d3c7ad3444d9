//! What the configuration says; read before any log.
//!
//! It tells readers the date format and the columns, and reconstruction which accounts exist. It
//! knows no log. Secrets are weighed and compared while they are read and never leave this module.

mod access;
mod address;
mod backup_manifest;
mod call_records;
mod connections;
pub mod dialplan;
mod directory;
mod file_servers;
mod firewall;
mod freeswitch;
mod host_users;
mod iax;
mod internal_database;
mod language;
mod listeners;
mod log_rotation;
mod logger;
mod manager;
mod model;
mod modules;
mod panel;
mod phone;
mod pjsip;
mod pjsip_wizard;
mod proxy;
mod read;
mod recognise;
mod saved_output;
mod secret;
mod serving;
pub mod settings;
mod sip;
mod tables;
#[cfg(test)]
mod tests;
mod users;

pub use backup_manifest::is_backup_manifest;
pub use connections::{Connection, is_connection_list};
pub(crate) use directory::matches as matches_pattern;
pub use file_servers::is_file_server;
pub use firewall::is_listing as is_firewall_listing;
pub(crate) use firewall::is_private as is_private_network;
pub use firewall::{Firewall, Gate, GeoRule, Protocol, Verdict};
pub use freeswitch::{
    Entrant, SwitchOutlet, SwitchPlan, is_freeswitch_configuration, is_registration_database,
};
pub use host_users::{HostUsers, RootRight};
pub use internal_database::is_internal_database;
pub use listeners::{Carriage, Listener, Spoken};
pub use log_rotation::{LogRotation, is_rotation_file};
pub use model::{
    AccessFault, AccessTrap, Account, Binding, CallRecordSettings, FileOrigin, FileServer, Forward, LiveCall,
    LogChannel, Logger, LoginCounts, ManagerUser, Pbx, PhoneAccount, PhoneFile, Problem, ProxyScript,
    SecretStrength, Technology, Trunk,
};
pub use panel::{
    GuardGap, InboundRoute, OutboundRoute, Panel, PanelGuard, PanelJob, PanelModule, PanelSetting, PanelTone,
    PanelTrunk, PanelUser, RoutePattern, TimeGroup,
};
pub use phone::{Asked, PHONEPROV, is_binary_phone_file, is_phone_file};
pub use proxy::is_configuration as is_proxy_configuration;
pub use read::read;
pub use recognise::is_configuration;
pub use saved_output::is_saved_output;
pub use secret::places::panel_database::is_panel_database;
pub use secret::places::panel_files::is_panel_file;
pub use secret::{
    Change, HeldSecret, Imprint, METHOD as IMPRINT_METHOD, Reach, SecretKind, Standing, Values, Weakness,
};
pub use serving::{Audience, Door, Limit, Reached, Share, is_configuration as is_server_configuration};
pub use tables::is_table;
