//! Which tables are of use, told by their names and columns.

use crate::pbx::proxy;

/// What a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holds {
    /// FreePBX's `sip`: extensions of both drivers, and trunks of `chan_sip`.
    Sip,
    /// FreePBX's `pjsip`: trunks.
    Pjsip,
    /// FreePBX's `iax`.
    Iax,
    /// FreePBX's `manager`: users of the manager interface.
    Manager,
    /// FreePBX's `users`: extensions with the names of their people, without the secret of the phone.
    People,
    /// Asterisk's `sippeers`, whatever it is called.
    Peers,
    /// Asterisk's `iaxpeers`.
    IaxPeers,
    /// Objects of PJSIP, one table a type.
    Object(&'static str),
    /// Contacts as PJSIP's registrar last knew them.
    Contacts,
    /// FusionPBX's `v_extensions`.
    Extensions,
    /// FusionPBX's `v_gateways`.
    Gateways,
    /// Users of a panel: FreePBX's `ampusers`.
    PanelUsers,
    /// FreePBX's `userman_users`: users of its own pages, some of them administrators.
    PanelMembers,
    /// FreePBX's `userman_users_settings`: what those may do.
    PanelMemberSettings,
    /// FusionPBX's `v_users`.
    FusionUsers,
    /// FusionPBX's `v_user_groups`.
    FusionUserGroups,
    /// Issabel's and Elastix's `acl_user`.
    AclUsers,
    /// Mailboxes of Asterisk's realtime table.
    Mailboxes,
    /// FusionPBX's `v_voicemails`.
    FusionMailboxes,
    /// FreePBX's `outbound_routes`.
    Routes,
    /// FreePBX's `outbound_route_patterns`.
    RoutePatterns,
    /// FreePBX's `outbound_route_trunks`.
    RouteTrunks,
    /// FreePBX's `outbound_route_sequence`.
    RouteSequence,
    /// FreePBX's `trunks`.
    PanelTrunks,
    /// FreePBX's `incoming`.
    Incoming,
    /// What FreePBX runs by itself: `cron_jobs`.
    Jobs,
    /// The same before FreePBX 15: `cronmanager`.
    OlderJobs,
    /// FreePBX's `freepbx_settings`, Issabel's `issabelpbx_settings`.
    PanelSettings,
    /// FreePBX's `modules`.
    PanelModules,
    /// FreePBX's `findmefollow`: numbers that ring for an extension.
    FollowMe,
    /// FreePBX's `ringgroups`: numbers that ring for a group.
    RingGroups,
    /// FreePBX's `miscdests`: numbers that menus and routes send calls to.
    MiscDestinations,
    /// FusionPBX's `v_follow_me_destinations`.
    FusionFollowMe,
    /// FreePBX's `disa`: second dial tones.
    DialTones,
    /// FreePBX's `timegroups_groups`.
    TimeGroups,
    /// FreePBX's `timegroups_details`: the times of each group.
    Times,
    /// What FreePBX's own firewall is set to.
    GuardSettings,
    /// FreePBX's `notifications`: what it tells administrators of its own code.
    Notices,
    /// FreePBX's `backup_details` up to version 14: what a backup runs.
    BackupDetails,
    /// FusionPBX's `v_devices`: phones.
    FusionPhones,
    /// FusionPBX's `v_device_lines`: the accounts in their files.
    FusionPhoneLines,
    /// FusionPBX's `v_default_settings`.
    FusionSettings,
    /// FusionPBX's `v_domain_settings`.
    FusionDomainSettings,
    /// Phones of FreePBX's open Endpoint Manager.
    ManagedPhones,
    /// The extensions in their files.
    ManagedPhoneLines,
    /// What that manager works by.
    ManagerSettings,
    /// Phones of FreePBX's commercial Endpoint Manager, each with its extension.
    EndpointPhones,
    /// Phones of Elastix's and Issabel's endpoint configurator.
    ElastixPhones,
    /// The accounts in their files.
    ElastixPhoneLines,
    /// A table of a SIP proxy's, by its name.
    Proxy(&'static str),
}

/// Returns whether a table of that name may be of use here.
pub fn is_table(name: &str) -> bool {
    NAMES.iter().any(|(known, _, _)| known.eq_ignore_ascii_case(name))
        || proxy::TABLES.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
        || REALTIME.iter().any(|known| known.eq_ignore_ascii_case(name))
}

impl Holds {
    /// Tells what a table holds from its name and its columns, in lower case.
    pub(super) fn of(name: &str, columns: &[String]) -> Option<Self> {
        let has = |wanted: &[&str]| wanted.iter().all(|wanted| columns.iter().any(|column| column == wanted));
        let name = name.to_ascii_lowercase();
        let of_proxy = proxy::TABLES.iter().find(|(known, wanted)| *known == name && has(wanted));
        if let Some((table, _)) = of_proxy {
            return Some(Holds::Proxy(table));
        }
        let by_name = NAMES.iter().find(|(known, _, wanted)| *known == name && has(wanted));
        if let Some((_, holds, _)) = by_name {
            return Some(*holds);
        }
        let is_of_peers = has(&["name", "host", "context", "secret"]);
        is_of_peers.then_some(if name.contains("iax") { Holds::IaxPeers } else { Holds::Peers })
    }

    /// Returns the column by which rows are told apart, or that tells what a row of a list belongs to.
    pub(super) fn name_column(self) -> &'static str {
        match self {
            Holds::Sip
            | Holds::Pjsip
            | Holds::Iax
            | Holds::Object(_)
            | Holds::Contacts
            | Holds::PanelMembers => "id",
            Holds::Manager | Holds::Peers | Holds::IaxPeers | Holds::AclUsers => "name",
            Holds::Mailboxes => "mailbox",
            Holds::FusionMailboxes => "voicemail_id",
            Holds::Extensions | Holds::People => "extension",
            Holds::Gateways => "gateway",
            Holds::PanelUsers => "username",
            Holds::PanelMemberSettings => "uid",
            Holds::FusionUsers | Holds::FusionUserGroups => "user_uuid",
            Holds::Routes | Holds::RoutePatterns | Holds::RouteTrunks | Holds::RouteSequence => "route_id",
            Holds::PanelTrunks => "trunkid",
            Holds::Incoming => "extension",
            Holds::Jobs => "jobname",
            Holds::OlderJobs => "id",
            Holds::PanelSettings => "keyword",
            Holds::PanelModules => "modulename",
            Holds::FollowMe | Holds::RingGroups => "grpnum",
            Holds::MiscDestinations => "id",
            Holds::FusionFollowMe => "follow_me_uuid",
            Holds::DialTones => "disa_id",
            Holds::TimeGroups => "id",
            Holds::Times => "timegroupid",
            Holds::GuardSettings => "key",
            Holds::Notices => "id",
            Holds::BackupDetails => "backup_id",
            Holds::FusionPhones | Holds::FusionPhoneLines => "device_uuid",
            Holds::FusionSettings => "default_setting_subcategory",
            Holds::FusionDomainSettings => "domain_setting_subcategory",
            Holds::ManagedPhones | Holds::ElastixPhones => "id",
            Holds::ManagedPhoneLines => "mac_id",
            Holds::ManagerSettings => "var_name",
            Holds::EndpointPhones => "mac",
            Holds::ElastixPhoneLines => "id_endpoint",
            Holds::Proxy(_) => "id",
        }
    }

    /// Returns whether each row stands for itself, whatever is in its first column.
    pub(super) fn is_list(self) -> bool {
        matches!(
            self,
            Holds::PanelMemberSettings
                | Holds::FusionUserGroups
                | Holds::RoutePatterns
                | Holds::RouteTrunks
                | Holds::RouteSequence
                | Holds::Incoming
                | Holds::Jobs
                | Holds::OlderJobs
                | Holds::Proxy(_)
                | Holds::FusionFollowMe
                | Holds::Times
                | Holds::FusionPhoneLines
                | Holds::FusionSettings
                | Holds::FusionDomainSettings
                | Holds::ManagedPhoneLines
                | Holds::ElastixPhoneLines
                | Holds::Notices
                | Holds::BackupDetails
        )
    }

    /// Returns whether a row is of use; of settings by the hundred only those for phones are, of notices those about
    /// code that was changed, of a backup's settings its hooks.
    pub(super) fn is_wanted(self, row: &[(&str, &str)]) -> bool {
        let category = match self {
            Holds::FusionSettings => "default_setting_category",
            Holds::FusionDomainSettings => "domain_setting_category",
            Holds::Notices => {
                let tells = |value: &str| {
                    ["TAMPER", "UNSIGNED"].iter().any(|word| value.to_uppercase().contains(word))
                };
                return row
                    .iter()
                    .any(|(column, value)| matches!(*column, "id" | "display_text") && tells(value));
            }
            Holds::BackupDetails => {
                let is_hook = |(column, value): &(&str, &str)| *column == "key" && value.ends_with("_hook");
                let is_filled =
                    |(column, value): &(&str, &str)| *column == "value" && !value.trim().is_empty();
                return row.iter().any(is_hook) && row.iter().any(is_filled);
            }
            _ => return true,
        };
        row.contains(&(category, "provision"))
    }

    /// Returns whether it holds phones.
    pub(super) fn is_of_phones(self) -> bool {
        matches!(
            self,
            Holds::FusionPhones | Holds::ManagedPhones | Holds::EndpointPhones | Holds::ElastixPhones
        )
    }

    /// Returns whether it may hold forwards.
    pub(super) fn is_of_forwards(self) -> bool {
        matches!(
            self,
            Holds::FollowMe
                | Holds::RingGroups
                | Holds::MiscDestinations
                | Holds::FusionFollowMe
                | Holds::Extensions
        )
    }

    /// Returns whether it holds users of a panel, with what stands for their passwords.
    pub(super) fn is_of_panel_users(self) -> bool {
        matches!(self, Holds::PanelUsers | Holds::PanelMembers | Holds::FusionUsers | Holds::AclUsers)
    }

    /// Returns whether a panel keeps it to itself, so that no file tells it.
    pub(super) fn is_of_panel(self) -> bool {
        matches!(
            self,
            Holds::PanelUsers
                | Holds::PanelMembers
                | Holds::FusionUsers
                | Holds::Routes
                | Holds::PanelTrunks
                | Holds::Incoming
                | Holds::Jobs
                | Holds::OlderJobs
                | Holds::PanelSettings
                | Holds::PanelModules
                | Holds::DialTones
                | Holds::GuardSettings
        )
    }
}

/// What tables of Asterisk's realtime are usually called; they may have any name.
const REALTIME: [&str; 6] = ["sippeers", "sip_buddies", "sipusers", "iaxpeers", "iax_buddies", "iaxusers"];

/// Tables that are known by name, and the columns that they must have.
const NAMES: &[(&str, Holds, &[&str])] = &[
    ("sip", Holds::Sip, &["id", "keyword", "data"]),
    ("pjsip", Holds::Pjsip, &["id", "keyword", "data"]),
    ("iax", Holds::Iax, &["id", "keyword", "data"]),
    ("manager", Holds::Manager, &["name", "secret", "write"]),
    ("users", Holds::People, &["extension", "name", "outboundcid"]),
    ("ps_endpoints", Holds::Object("endpoint"), &["id"]),
    ("ps_auths", Holds::Object("auth"), &["id"]),
    ("ps_aors", Holds::Object("aor"), &["id"]),
    ("ps_registrations", Holds::Object("registration"), &["id"]),
    ("ps_endpoint_id_ips", Holds::Object("identify"), &["id"]),
    ("ps_contacts", Holds::Contacts, &["id", "uri"]),
    ("v_extensions", Holds::Extensions, &["extension", "password"]),
    ("v_gateways", Holds::Gateways, &["gateway", "proxy"]),
    ("ampusers", Holds::PanelUsers, &["username", "sections"]),
    ("userman_users", Holds::PanelMembers, &["id", "username", "password"]),
    ("userman_users_settings", Holds::PanelMemberSettings, &["uid", "key", "val"]),
    ("v_users", Holds::FusionUsers, &["user_uuid", "username"]),
    ("acl_user", Holds::AclUsers, &["name", "md5_password"]),
    ("voicemail", Holds::Mailboxes, &["mailbox", "password"]),
    ("voicemail_users", Holds::Mailboxes, &["mailbox", "password"]),
    ("v_voicemails", Holds::FusionMailboxes, &["voicemail_id", "voicemail_password"]),
    ("v_user_groups", Holds::FusionUserGroups, &["user_uuid", "group_name"]),
    ("outbound_routes", Holds::Routes, &["route_id", "name"]),
    ("outbound_route_patterns", Holds::RoutePatterns, &["route_id", "match_pattern_pass"]),
    ("outbound_route_trunks", Holds::RouteTrunks, &["route_id", "trunk_id"]),
    ("outbound_route_sequence", Holds::RouteSequence, &["route_id", "seq"]),
    ("trunks", Holds::PanelTrunks, &["trunkid", "tech"]),
    ("incoming", Holds::Incoming, &["extension", "destination"]),
    ("cron_jobs", Holds::Jobs, &["modulename", "jobname", "command"]),
    ("cronmanager", Holds::OlderJobs, &["module", "id", "command"]),
    ("freepbx_settings", Holds::PanelSettings, &["keyword", "value"]),
    ("issabelpbx_settings", Holds::PanelSettings, &["keyword", "value"]),
    ("modules", Holds::PanelModules, &["modulename", "version", "enabled"]),
    ("findmefollow", Holds::FollowMe, &["grpnum", "grplist"]),
    ("ringgroups", Holds::RingGroups, &["grpnum", "grplist"]),
    ("miscdests", Holds::MiscDestinations, &["id", "destdial"]),
    ("v_follow_me_destinations", Holds::FusionFollowMe, &["follow_me_uuid", "follow_me_destination"]),
    ("disa", Holds::DialTones, &["disa_id", "pin", "context"]),
    ("timegroups_groups", Holds::TimeGroups, &["id", "description"]),
    ("timegroups_details", Holds::Times, &["timegroupid", "time"]),
    ("kvstore_freepbx_modules_firewall", Holds::GuardSettings, &["key", "val"]),
    ("notifications", Holds::Notices, &["module", "id", "display_text"]),
    ("backup_details", Holds::BackupDetails, &["backup_id", "key", "value"]),
    ("v_devices", Holds::FusionPhones, &["device_uuid"]),
    ("v_device_lines", Holds::FusionPhoneLines, &["device_uuid", "password"]),
    (
        "v_default_settings",
        Holds::FusionSettings,
        &["default_setting_category", "default_setting_subcategory", "default_setting_value"],
    ),
    (
        "v_domain_settings",
        Holds::FusionDomainSettings,
        &["domain_setting_category", "domain_setting_subcategory", "domain_setting_value"],
    ),
    ("endpointman_mac_list", Holds::ManagedPhones, &["id", "mac"]),
    ("endpointman_line_list", Holds::ManagedPhoneLines, &["mac_id", "ext"]),
    ("endpointman_global_vars", Holds::ManagerSettings, &["var_name", "value"]),
    ("endpoint_extensions", Holds::EndpointPhones, &["mac", "ext"]),
    ("endpoint", Holds::ElastixPhones, &["id", "mac_address"]),
    ("endpoint_account", Holds::ElastixPhoneLines, &["id_endpoint", "account"]),
];
