//! One model, several renderings; nothing here decides anything.

pub mod model;
