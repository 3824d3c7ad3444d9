//! What the library makes of evidence, seen from outside.

// A test says what it passed over, and stops where it cannot go on.
#![allow(clippy::panic, clippy::print_stderr)]

mod corpora;
mod lines;
mod records;
mod support;
