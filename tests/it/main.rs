//! The program as a user meets it, one module a concern.

mod cli;
mod output;
mod readme;
mod scratch;
