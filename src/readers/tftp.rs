//! stub
#![allow(missing_docs)]
pub struct TftpLine<'a> { pub action: crate::event::Action, pub address: Option<std::net::IpAddr>, pub port: Option<u16>, pub path: Option<&'a [u8]>, pub is_write: bool, pub reason: &'static str }
pub fn read<'a>(_program: &[u8], _message: &'a [u8]) -> Option<TftpLine<'a>> { None }
