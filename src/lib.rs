//! Offline forensics for hacked phone systems.
//!
//! Data goes one way, and the modules stand in that order: evidence is found and recognised, the
//! configuration is read, a plan of time is made for each source, readers turn bytes into events,
//! the scan drives them over all sources, reconstruction turns events into one attack, the carrier's own
//! records are set against it, and reports render what it found. `preserve` copies evidence for others to check.

pub mod artifacts;
pub mod attack;
pub mod evidence;
pub mod indicators;
mod sqlite;
mod tables;

pub mod pbx;

pub mod fail2ban;

pub mod clock;
pub mod mariadb;
pub mod readers;
pub mod scan;

pub mod fold;
pub mod pbx_id;

pub mod geoip;
pub mod money;
pub mod numbering;
pub mod patterns;

pub mod reconstruct;

pub mod carrier;
pub mod reconcile;

pub mod checks;
pub mod rules;

pub mod event;

pub mod playbook;
pub mod report;

pub mod contain;

pub mod case;
pub mod demo;
pub mod preserve;
pub mod restore;

mod misspelt;
pub mod secrets;
pub mod untrusted;
mod user_file;
