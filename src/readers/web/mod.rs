//! What web servers write: who asked for what, and what failed.

pub(super) mod access;
pub(super) mod error;
