//! stub
#![allow(missing_docs)]
pub struct Fail2banLine<'a> { pub stamp: Option<crate::event::Stamp>, pub action: crate::event::Action, pub address: Option<std::net::IpAddr>, pub jail: Option<&'a [u8]> }
pub fn read(_line: &[u8]) -> Option<Fail2banLine<'_>> { None }
