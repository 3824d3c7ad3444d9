//! Phones that panels keep in tables, with the accounts in their files.
//!
//! Facts relied on. FusionPBX: `v_devices` has the phone (`device_mac_address`, newer `device_address`),
//! `v_device_lines` its accounts with their passwords; `/app/provision/` makes the file at each request if the
//! setting `enabled` of the category `provision` is true, for the networks of `cidr` if there are any, behind a
//! password if `http_auth_username` and `http_auth_password` are set (`app/provision/index.php`). The open Endpoint Manager of
//! FreePBX: `endpointman_mac_list` and `endpointman_line_list`; files are written to `/tftpboot`, or made by
//! `/provisioning/` where `server_type` is `http`. Of the commercial one only the names of tables are published:
//! `endpoint_extensions` counts where it has columns for a hardware address and an extension. Elastix and Issabel:
//! `endpoint` and `endpoint_account`.

use std::collections::BTreeMap;

use super::gather::{Item, Settings};
use super::holds::Holds;
use crate::event::Citation;
use crate::pbx::access::network;
use crate::pbx::phone::made::{Line, Maker, Phone, Served, Told, plain_address};
use crate::pbx::read::Collector;
use crate::pbx::secret::Secret;
use crate::pbx::serving::Limit;

/// A panel's tables of phones and of their lines.
struct Kept {
    program: &'static str,
    folder: &'static str,
    phones: Holds,
    /// Columns that may hold the phone's hardware address.
    address: &'static [&'static str],
    vendor: &'static [&'static str],
    lines: Holds,
    account: &'static [&'static str],
    secret: &'static [&'static str],
}

const KEPT: [Kept; 4] = [
    Kept {
        program: "FusionPBX",
        folder: "app/provision",
        phones: Holds::FusionPhones,
        address: &["device_mac_address", "device_address"],
        vendor: &["device_vendor"],
        lines: Holds::FusionPhoneLines,
        account: &["auth_id", "user_id"],
        secret: &["password"],
    },
    Kept {
        program: "FreePBX's Endpoint Manager (open source)",
        folder: "provisioning",
        phones: Holds::ManagedPhones,
        address: &["mac"],
        vendor: &[],
        lines: Holds::ManagedPhoneLines,
        account: &["ext"],
        secret: &[],
    },
    Kept {
        program: "FreePBX's Endpoint Manager",
        folder: "tftpboot",
        phones: Holds::EndpointPhones,
        address: &["mac"],
        vendor: &["brand"],
        lines: Holds::EndpointPhones,
        account: &["ext", "extension"],
        secret: &[],
    },
    Kept {
        program: "the endpoint configurator of Elastix and Issabel",
        folder: "tftpboot",
        phones: Holds::ElastixPhones,
        address: &["mac_address"],
        vendor: &[],
        lines: Holds::ElastixPhoneLines,
        account: &["account"],
        secret: &[],
    },
];

/// Adds the phones of one database, program by program.
pub(super) fn collect(settings: &Settings, collector: &mut Collector) {
    for kept in &KEPT {
        let phones = phones(settings, kept);
        let Some(first) = phones.first().and_then(|phone| phone.lines.first()) else { continue };
        let place = first.place.clone();
        let served = match kept.phones {
            Holds::FusionPhones => of_fusionpbx(settings, place),
            Holds::ManagedPhones => of_endpoint_manager(settings),
            _ => Served::Unseen,
        };
        collector.maker(Maker {
            program: kept.program,
            folder: kept.folder,
            served,
            phones,
            folders: Vec::new(),
        });
    }
}

fn phones(settings: &Settings, kept: &Kept) -> Vec<Phone> {
    let mut lines: BTreeMap<&str, Vec<Line>> = BTreeMap::new();
    let is_off = |item: &&Item| {
        let switches = ["enabled", "device_enabled"].iter().filter_map(|name| item.filled(name));
        switches.into_iter().any(|on| matches!(on, "false" | "f" | "0"))
    };
    let makes_at_request =
        kept.phones == Holds::ManagedPhones && matches!(of_endpoint_manager(settings), Served::Web { .. });
    for item in settings.of(kept.lines).filter(|item| !is_off(item)) {
        let first = |names: &[&str]| names.iter().find_map(|name| item.filled(name));
        let Some(account) = first(kept.account) else { continue };
        let secret = match (first(kept.secret), kept.secret.is_empty()) {
            (Some(secret), _) => Told::As(Secret::new(secret)),
            (None, false) => continue,
            (None, true) if makes_at_request => Told::InForce,
            (None, true) => Told::Unknown,
        };
        let place = item.proof(kept.account);
        lines.entry(&item.name).or_default().push(Line { account: account.to_owned(), secret, place });
    }
    let phone = |item: &Item| {
        let first = |names: &[&str]| names.iter().find_map(|name| item.filled(name));
        let address = plain_address(first(kept.address)?)?;
        let vendor = first(kept.vendor).map(str::to_owned);
        let lines = lines.remove(item.name.as_str())?;
        Some(Phone { address, names: Vec::new(), vendor, lines })
    };
    settings.of(kept.phones).filter(|item| !is_off(item)).filter_map(phone).collect()
}

/// Returns who is given FusionPBX's files, by its settings for all domains and for each.
fn of_fusionpbx(settings: &Settings, phones: Citation) -> Served {
    const COLUMNS: [(Holds, &str, &str, &str); 2] = [
        (
            Holds::FusionSettings,
            "default_setting_subcategory",
            "default_setting_value",
            "default_setting_enabled",
        ),
        (
            Holds::FusionDomainSettings,
            "domain_setting_subcategory",
            "domain_setting_value",
            "domain_setting_enabled",
        ),
    ];
    let mut said: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut place = None;
    for (holds, name, value, enabled) in COLUMNS {
        let is_on = |item: &&Item| item.filled(enabled).is_none_or(|on| matches!(on, "true" | "t" | "1"));
        for item in settings.of(holds).filter(is_on) {
            let (Some(name_held), Some(value)) = (item.filled(name), item.filled(value)) else { continue };
            said.entry(name_held).or_default().push(value);
            if name_held == "enabled" {
                place.get_or_insert_with(|| item.proof(&[name]));
            }
        }
    }
    let has = |name: &str| said.contains_key(name);
    let is = |name: &str, wanted: &str| said.get(name).is_some_and(|values| values.contains(&wanted));
    let networks = said.get("cidr").into_iter().flatten();
    let networks: Vec<_> = networks.filter_map(|text| network(text.trim())).collect();
    let limit = if said.is_empty() {
        Limit::Unknown
    } else if !is("enabled", "true") {
        Limit::Nobody
    } else if !networks.is_empty() && !networks.iter().any(|network| network.prefix_len() == 0) {
        Limit::Networks(networks)
    } else if has("http_auth_username") && has("http_auth_password") && !is("http_auth_enabled", "false") {
        Limit::Password
    } else {
        Limit::None
    };
    Served::Web { root: "/fusionpbx", limit, place: place.unwrap_or(phones) }
}

/// The open Endpoint Manager makes files itself only where it was told to serve them by HTTP.
fn of_endpoint_manager(settings: &Settings) -> Served {
    let setting = settings.of(Holds::ManagerSettings).find(|item| item.name == "server_type");
    let is_web = |item: &&Item| item.filled("value").is_some_and(|kind| kind.eq_ignore_ascii_case("http"));
    match setting.filter(is_web) {
        Some(item) => {
            Served::Web { root: "/www/html", limit: Limit::None, place: item.proof(&["var_name", "value"]) }
        }
        None => Served::Unseen,
    }
}
