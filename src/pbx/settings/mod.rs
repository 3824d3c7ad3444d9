//! Settings that a hardened server has otherwise, whichever program's: which are held, and which are not there.
//!
//! Rules are data (`rules.toml`); what they ask for is picked out of the configuration while it is read, with its
//! place. Whether what is held is bad is judged later, when the program's version is known from its log. No rule
//! asks for a secret.

mod files;
mod held;
mod rules;

pub use files::is_settings_file;
pub(super) use files::{has_panel, of_panel, read_files};
pub use held::{Held, Settings};
pub(super) use held::{module_of, of_document, of_params};
pub use rules::{Rule, Version, rules};
