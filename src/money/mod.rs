//! What calls cost: decimal amounts and what they are worked out from.

mod amount;

pub use amount::Amount;
