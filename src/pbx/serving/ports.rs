//! The ports of web and file servers, for whoever guards them.

use super::{Door, Page, Share, apache, lighttpd, nginx};
use crate::event::Service;
use crate::pbx::listeners::{Carriage, Listener, Spoken, add as add_listener};

/// Adds where pages and phone files are to be had; what only this host reaches is no door.
pub(super) fn add(pages: &[Page<'_>], shares: &[Share], listeners: &mut Vec<Listener>) {
    let mut add = |spoken, carriage, door: &Door| {
        if !door.address.is_some_and(|address| address.is_loopback()) {
            add_listener(listeners, spoken, carriage, door.port);
        }
    };
    for door in [apache::doors(pages), nginx::doors(pages), lighttpd::doors(pages)].iter().flatten() {
        add(Spoken::Pages, Carriage::Tcp, door);
    }
    for share in shares {
        let carriage = match share.service {
            Service::Tftp => Carriage::Udp,
            Service::Ftp => Carriage::Tcp,
            _ => continue,
        };
        share.doors.iter().for_each(|door| add(Spoken::Files, carriage, door));
    }
}
