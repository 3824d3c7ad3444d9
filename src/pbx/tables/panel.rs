//! The tables that a panel keeps to itself: its users, routes, trunks, jobs, settings and modules.
//!
//! FreePBX's `ampusers` is who may log in to the administration; `userman_users` is everybody's own page, where
//! the settings `pbx_login` and `pbx_admin` let somebody into the administration as well. A route's trunks are
//! numbers of `trunks`, whose `channelid` is the name of the section. Before FreePBX 2.11 passwords stand in
//! clear, later as hashes.

use std::collections::BTreeMap;

use super::gather::{Item, Settings};
use super::holds::Holds;
use crate::pbx::dialplan::{Pin, fault, pin_of};
use crate::pbx::panel::{
    BackupHook, GuardGap, InboundRoute, OutboundRoute, Panel, PanelGuard, PanelJob, PanelModule, PanelNotice,
    PanelSetting, PanelTime, PanelTone, PanelTrunk, PanelUser, RoutePattern, TimeGroup,
};
use crate::secrets::masked;

/// Settings that tell how the panel is guarded, and are no secret themselves.
const TELLING: [&str; 17] = [
    "AUTHTYPE",
    "SIGNATURECHECK",
    "AMPTRACKENABLE",
    "AMPWEBADDRESS",
    "AMPMGRUSER",
    "ASTMANAGERHOST",
    "ARI_ADMIN_USERNAME",
    "FPBX_ARI_USER",
    "HTTPENABLED",
    "HTTPBINDADDRESS",
    "HTTPBINDPORT",
    "HTTPTLSENABLE",
    "NODEJSHTTPSBINDADDRESS",
    "NODEJSBINDADDRESS",
    "LAUNCH_AGI_AS_FASTAGI",
    "ENABLE_ARI",
    "TRUNK_OPTIONS",
];

/// Reads what one database tells.
pub(super) fn read(settings: &Settings) -> Panel {
    let mut panel = Panel {
        users: settings.of(Holds::PanelUsers).map(administrator).collect(),
        outbound_routes: routes(settings),
        inbound_routes: settings.of(Holds::Incoming).map(inbound).collect(),
        trunks: settings.of(Holds::PanelTrunks).map(trunk).collect(),
        jobs: settings.of(Holds::Jobs).map(job).chain(settings.of(Holds::OlderJobs).map(older_job)).collect(),
        settings: settings.of(Holds::PanelSettings).filter_map(setting).collect(),
        modules: settings.of(Holds::PanelModules).map(module).collect(),
        tones: settings.of(Holds::DialTones).map(tone).collect(),
        firewall: guard(settings),
        notices: settings.of(Holds::Notices).map(notice).collect(),
        backup_hooks: settings.of(Holds::BackupDetails).map(hook).collect(),
        time_faults: settings.of(Holds::Times).filter_map(|item| time_fault(settings, item)).collect(),
    };
    panel.users.extend(members(settings));
    panel.users.extend(fusion_users(settings));
    panel
}

fn user(item: &Item, sections: Vec<String>, is_administrator: bool) -> PanelUser {
    let name = item.text("username");
    let mut place = item.proof(&["username"]);
    if !sections.is_empty() {
        let told = format!("{} (may use {})", String::from_utf8_lossy(&place.text), sections.join(", "));
        place = crate::event::Citation::new(place.place, told.as_bytes());
    }
    let table = item.table().to_owned();
    PanelUser { name, table, sections, is_administrator, place }
}

fn administrator(item: &Item) -> PanelUser {
    let sections = item.text("sections");
    let parts = sections.split([';', ',']).map(str::trim).filter(|part| !part.is_empty());
    let sections: Vec<String> = parts.map(str::to_owned).collect();
    let is_administrator = sections.iter().any(|section| section == "*");
    user(item, sections, is_administrator)
}

/// Reads the members who may log in to the administration.
fn members(settings: &Settings) -> Vec<PanelUser> {
    let mut granted: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for item in settings.of(Holds::PanelMemberSettings) {
        let grants = granted.entry(item.name.clone()).or_default();
        grants.push((item.text("key"), item.text("val")));
    }
    let mut users = Vec::new();
    for item in settings.of(Holds::PanelMembers) {
        let Some(grants) = granted.get(&item.name) else { continue };
        let is_on = |wanted: &str| grants.iter().any(|(key, value)| key == wanted && is_true(value));
        if is_on("pbx_login") || is_on("pbx_admin") {
            let modules = grants.iter().filter(|(key, _)| key == "pbx_modules");
            let sections: Vec<String> = modules
                .flat_map(|(_, value)| serde_json::from_str::<Vec<String>>(value).unwrap_or_default())
                .collect();
            let is_administrator = is_on("pbx_admin") || sections.iter().any(|section| section == "*");
            users.push(user(item, sections, is_administrator));
        }
    }
    users
}

fn fusion_users(settings: &Settings) -> Vec<PanelUser> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for item in settings.of(Holds::FusionUserGroups) {
        groups.entry(item.name.clone()).or_default().push(item.text("group_name"));
    }
    settings
        .of(Holds::FusionUsers)
        .filter(|item| item.filled("user_enabled").is_none_or(is_true))
        .map(|item| {
            let groups = groups.get(&item.name).cloned().unwrap_or_default();
            let is_administrator = groups.iter().any(|group| group == "superadmin" || group == "admin");
            user(item, groups, is_administrator)
        })
        .collect()
}

fn is_true(text: &str) -> bool {
    matches!(text, "1" | "true" | "t" | "yes" | "on")
}

/// Reads the outbound routes, in the order in which they are tried.
fn routes(settings: &Settings) -> Vec<OutboundRoute> {
    let trunks: BTreeMap<&str, &Item> =
        settings.of(Holds::PanelTrunks).map(|item| (item.name.as_str(), item)).collect();
    let mut routes: Vec<OutboundRoute> = settings
        .of(Holds::Routes)
        .map(|item| OutboundRoute {
            id: item.name.clone(),
            name: item.text("name"),
            patterns: Vec::new(),
            trunks: Vec::new(),
            asks_for_pin: item.filled("password").is_some(),
            times: times(settings, item),
            position: None,
            place: item.proof(&["route_id", "name"]),
        })
        .collect();
    let numbers: BTreeMap<String, usize> =
        routes.iter().enumerate().map(|(at, route)| (route.id.clone(), at)).collect();
    let mut of = |holds: Holds, change: &mut dyn FnMut(&mut OutboundRoute, &Item)| {
        let mut rows: Vec<&Item> = settings.of(holds).collect();
        rows.sort_by_key(|item| item.filled("seq").and_then(|number| number.parse::<i64>().ok()));
        for item in rows {
            let at = numbers.get(&item.name).copied();
            if let Some(route) = at.and_then(|at| routes.get_mut(at)) {
                change(route, item);
            }
        }
    };
    of(Holds::RoutePatterns, &mut |route, item| route.patterns.push(pattern(item)));
    of(Holds::RouteTrunks, &mut |route, item| {
        let number = item.text("trunk_id");
        let named = trunks
            .get(number.as_str())
            .and_then(|trunk| trunk.filled("channelid").or_else(|| trunk.filled("name")).map(str::to_owned));
        route.trunks.push(named.unwrap_or_else(|| format!("trunk {number}")));
    });
    of(Holds::RouteSequence, &mut |route, item| {
        route.position = item.filled("seq").and_then(|number| number.parse().ok());
    });
    routes.sort_by(|left, right| {
        let last = |route: &OutboundRoute| route.position.unwrap_or(i64::MAX);
        (last(left), left.id.len(), &left.id).cmp(&(last(right), right.id.len(), &right.id))
    });
    routes
}

/// Returns the group of times that a route names, unless it goes by a calendar.
fn times(settings: &Settings, route: &Item) -> Option<TimeGroup> {
    let number = route.filled("time_group_id").filter(|number| *number != "0")?;
    if route.filled("time_mode").is_some_and(|mode| mode.contains("calendar")) {
        return None;
    }
    let group = settings.of(Holds::TimeGroups).find(|group| group.name == number)?;
    Some(TimeGroup {
        name: group.text("description"),
        times: settings.of(Holds::Times).filter(|time| time.name == number).count(),
        place: group.proof(&["id", "description"]),
    })
}

/// Returns a time that holds otherwise than it seems to.
fn time_fault(settings: &Settings, item: &Item) -> Option<PanelTime> {
    let fault = fault(&item.text("time"))?;
    let group = settings.of(Holds::TimeGroups).find(|group| group.name == item.name);
    let group = group.map_or_else(|| item.name.clone(), |group| group.text("description"));
    Some(PanelTime { group, fault, place: item.proof(&["timegroupid", "time"]) })
}

fn notice(item: &Item) -> PanelNotice {
    let text = item.text("display_text");
    let is_changed =
        [item.text("id"), text.clone()].iter().any(|text| text.to_uppercase().contains("TAMPER"));
    PanelNotice { text, is_changed, place: item.proof(&["module", "id", "display_text"]) }
}

fn hook(item: &Item) -> BackupHook {
    let command = masked(&item.text("value")).into_owned();
    BackupHook { when: item.text("key"), command, place: item.proof(&["backup_id", "key", "value"]) }
}

/// Reads what FreePBX's firewall leaves open: `status` is whether it runs, `networkmaps` who is of which zone,
/// `servicesettings` which zones reach a service, `external` being the Internet.
fn guard(settings: &Settings) -> Vec<PanelGuard> {
    let mut gaps = Vec::new();
    for item in settings.of(Holds::GuardSettings) {
        let value = item.text("val");
        let object = || serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&value);
        let gap = match item.name.as_str() {
            "status" => matches!(value.as_str(), "0" | "" | "false").then_some(GuardGap::Off),
            "networkmaps" => object().ok().and_then(|maps| {
                let is_all = |network: &str| network.ends_with("/0");
                let mut trusted = maps.iter().filter(|(_, zone)| zone.as_str() == Some("trusted"));
                trusted.any(|(network, _)| is_all(network)).then_some(GuardGap::TrustsAll)
            }),
            "servicesettings" => object().ok().and_then(|services| {
                let is_open = |zones: &serde_json::Value| {
                    zones.as_array().is_some_and(|zones| zones.iter().any(|zone| zone == "external"))
                };
                let open = services.iter().filter(|(_, zones)| is_open(zones)).map(|(name, _)| name.clone());
                let open: Vec<String> = open.collect();
                (!open.is_empty()).then_some(GuardGap::Services(open))
            }),
            _ => None,
        };
        gaps.extend(gap.map(|open| PanelGuard { open, place: item.proof(&["key", "val"]) }));
    }
    let module = settings.of(Holds::PanelModules).find(|item| item.name == "firewall");
    let is_off = |item: &&Item| item.filled("enabled").is_some_and(|on| !is_true(on));
    if let Some(item) = module.filter(is_off) {
        gaps.push(PanelGuard { open: GuardGap::Off, place: item.proof(&["modulename", "enabled"]) });
    }
    gaps
}

fn pattern(item: &Item) -> RoutePattern {
    RoutePattern {
        strip: item.text("match_pattern_prefix"),
        pass: item.text("match_pattern_pass"),
        prepend: item.text("prepend_digits"),
        caller: item.text("match_cid"),
    }
}

fn inbound(item: &Item) -> InboundRoute {
    InboundRoute {
        number: item.text("extension"),
        caller: item.text("cidnum"),
        destination: item.text("destination"),
        place: item.proof(&["extension", "cidnum", "destination"]),
    }
}

fn trunk(item: &Item) -> PanelTrunk {
    PanelTrunk {
        id: item.name.clone(),
        name: item.text("name"),
        technology: item.text("tech").to_ascii_lowercase(),
        channel: item.text("channelid"),
        fail_script: masked(&item.text("failscript")).into_owned(),
        is_disabled: item.filled("disabled").is_some_and(is_true),
        most_calls: item.filled("maxchans").and_then(|calls| calls.parse().ok()).filter(|calls| *calls > 0),
        place: item.proof(&["trunkid", "name", "tech", "channelid", "maxchans", "failscript", "disabled"]),
    }
}

fn job(item: &Item) -> PanelJob {
    PanelJob {
        table: item.table().to_owned(),
        module: item.text("modulename"),
        name: item.text("jobname"),
        command: masked(&item.text("command")).into_owned(),
        class: item.text("class"),
        schedule: item.text("schedule"),
        is_enabled: item.filled("enabled").is_none_or(is_true),
        place: item.proof(&["modulename", "jobname", "command", "class", "schedule", "enabled"]),
    }
}

fn older_job(item: &Item) -> PanelJob {
    PanelJob {
        table: item.table().to_owned(),
        module: item.text("module"),
        name: item.text("id"),
        command: masked(&item.text("command")).into_owned(),
        class: String::new(),
        schedule: item.filled("freq").map(|hours| format!("every {hours} hours")).unwrap_or_default(),
        is_enabled: true,
        place: item.proof(&["module", "id", "command", "time", "freq"]),
    }
}

fn setting(item: &Item) -> Option<PanelSetting> {
    let is_telling = TELLING.iter().any(|keyword| keyword.eq_ignore_ascii_case(&item.name));
    is_telling.then(|| PanelSetting {
        keyword: item.name.clone(),
        value: item.text("value"),
        place: item.proof(&["keyword", "value"]),
    })
}

fn module(item: &Item) -> PanelModule {
    PanelModule {
        name: item.name.clone(),
        version: item.text("version"),
        is_enabled: item.filled("enabled").is_some_and(is_true),
        place: item.proof(&["modulename", "version", "enabled"]),
    }
}

fn tone(item: &Item) -> PanelTone {
    // Several PINs stand in one field; the weakest is what a guesser finds.
    let pins = item.text("pin");
    let pin = pins.split(',').map(|pin| pin_of(pin.trim(), &[])).min().unwrap_or(Pin::None);
    PanelTone {
        name: item.text("displayname"),
        pin,
        context: item.text("context"),
        place: item.proof(&["disa_id", "displayname", "context"]),
    }
}
