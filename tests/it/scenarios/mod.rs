//! Whole cases, staged: servers unlike one another in version, zone, language and layout, attacked in
//! the ways that are known, or only made to look so. What is found is compared with what was staged.

mod access;
mod accounts;
mod claims;
mod defences;
mod doors;
mod freeswitch;
mod harmless;
mod holes;
mod host;
mod people;
mod phone_files;
mod proxies;
mod records;
mod registered;
mod stage;
mod strangers;
mod switch;
mod telephone;
mod truth;

pub(crate) use truth::examine_folder;
