//! The Asterisk configuration language: comments, statements, templates, includes.
//!
//! Asterisk rejects a whole file for a missing base or include; here that is a problem to report, and
//! the rest of the file is read. `#exec` is never run.

mod comments;
mod document;
mod load;
mod statement;
#[cfg(test)]
mod tests;

pub(in crate::pbx) use comments::Comments;
pub(in crate::pbx) use document::{Document, Section, Setting, is_true};
pub(in crate::pbx) use load::{Loader, Part};
