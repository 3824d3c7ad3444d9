//! What FTP servers write: logins and transfers, in files of their own and through syslog.
//!
//! Phones fetch their settings by FTP too, with an account that the vendor gave all of them.

mod programs;
pub(super) mod transfers;
pub(super) mod vsftpd;

pub(super) use programs::{PROFTPD, PURE_FTPD, VSFTPD};
