//! What calls cost: decimal amounts and what they are worked out from.
//!
//! A carrier's rated record comes first, the user's own rate deck second. Where neither says anything, price
//! lists of the past give a range that is told apart and never added to the others.

mod amount;
mod currency;
mod deck;
pub mod illustrative;
mod increments;

pub use amount::Amount;
pub use deck::{Deck, DeckError, Rate};
pub use increments::Increments;
