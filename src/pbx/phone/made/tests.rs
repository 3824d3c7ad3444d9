//! Phone files that programs make, by configurations and dumps in memory.

use super::phoneprov::PROGRAM;
use crate::pbx::tests::read_texts as pbx;
use crate::pbx::{FileOrigin, Pbx};

/// Returns `path account live: program ports audience` of each account in a phone file.
fn told(pbx: &Pbx) -> Vec<String> {
    let of_file = |file| {
        let file: &crate::pbx::PhoneFile = file;
        let shares = pbx.shares_of(file);
        let ways: Vec<String> = shares
            .iter()
            .map(|share| {
                let ports: Vec<String> = share.doors.iter().map(|door| door.port.to_string()).collect();
                format!("{} {} {:?}", share.program, ports.join(","), pbx.audience(share).audience)
            })
            .collect();
        let ways = ways.join("; ");
        let accounts = file.accounts.iter();
        let lines =
            accounts.map(|phone| format!("{} {} {:?}: {ways}", file.path, phone.name, phone.secret_is_live));
        lines.collect::<Vec<_>>()
    };
    pbx.phone_files.iter().flat_map(of_file).collect()
}

const PROFILES: &str = "[general]\ndefault_profile=polycom\n[polycom]\nstaticdir => configs/\nstatic_file => custom.cfg\n${MAC}.cfg => 000000000000.cfg\nconfig/${TOUPPER(${MAC})} => polycom.xml\n${MAC}-directory.xml => list.xml\n[bare]\nstatic_file => sip.cfg\n";
const USERS: &str = "[general]\nhassip=yes\nhost=dynamic\n[301]\nsecret=x9Kq27ZpLw\nautoprov=yes\nmacaddress=00:04:F2:AA:BB:01\n[302]\nsecret=vv\n[303]\nsecret=Qw72kLmm9\nautoprov=yes\nprofile=bare\nmacaddress=0004f2aabb03\n";

#[test]
fn asterisk_hands_out_the_secrets_of_phones_that_it_provisions() {
    let files = |web: &'static str| {
        [
            ("etc/asterisk/phoneprov.conf", PROFILES),
            ("etc/asterisk/users.conf", USERS),
            ("etc/asterisk/http.conf", web),
        ]
    };
    let off = pbx(&files("[general]\nenabled=no\n"));
    assert_eq!(told(&off), [format!("phoneprov/0004f2aabb01.cfg 301 Some(true): {PROGRAM} 8088 Nobody")]);
    let pbx = pbx(&files("[general]\nenabled=yes\nbindaddr=0.0.0.0\nbindport=8090\n"));
    // A profile without a file of the phone's own gives no secret away, nor does a phone that is not set up.
    assert_eq!(told(&pbx), [format!("phoneprov/0004f2aabb01.cfg 301 Some(true): {PROGRAM} 8090 CannotTell")]);
    let file = pbx.phone_files.first().expect("a file");
    assert_eq!(file.origin, FileOrigin::OnRequest(PROGRAM));
    assert!(
        file.names().any(|name| name == "0004F2AABB01") && !file.names().any(|name| name.contains("list"))
    );
    assert!(!format!("{pbx:?}").contains("x9Kq27ZpLw"));
}

#[test]
fn every_way_to_name_a_phone_counts() {
    let sip = "[301]\ntype=friend\nhost=dynamic\nsecret=x9Kq27ZpLw\n[302]\ntype=friend\nhost=dynamic\nsecret=other-77-Kq\n";
    let own = "[301]\nusername=301\nsecret=x9Kq27ZpLw\nmacaddress=0004f2aabb01\n[old]\nusername=302\nsecret=gone\nmacaddress=0004f2aabb02\n";
    let pjsip = "[310]\ntype=endpoint\nauth=310\n[310]\ntype=auth\npassword=Kk82-mmQ71\nusername=310\n[p]\ntype=phoneprov\nendpoint=310\nMAC=0004f2aabb10\nPROFILE=polycom\n";
    let pbx = pbx(&[
        ("etc/asterisk/phoneprov.conf", PROFILES),
        ("etc/asterisk/phoneprov_users.conf", own),
        ("etc/asterisk/sip.conf", sip),
        ("etc/asterisk/pjsip.conf", pjsip),
        ("etc/asterisk/http.conf", "[general]\nenabled=yes\nbindaddr=127.0.0.1\n"),
    ]);
    let wanted = ["01.cfg 301 Some(true)", "02.cfg 302 Some(false)", "10.cfg 310 Some(true)"];
    let wanted = wanted.map(|line| format!("phoneprov/0004f2aabb{line}: {PROGRAM} 8088 Nobody"));
    assert_eq!(told(&pbx), wanted);
}

#[test]
fn static_files_are_handed_out_from_the_data_folder() {
    let pbx = pbx(&[
        ("etc/asterisk/phoneprov.conf", PROFILES),
        ("etc/asterisk/http.conf", "[general]\nenabled=yes\n"),
        ("etc/asterisk/sip.conf", "[301]\ntype=friend\nhost=dynamic\nsecret=x9Kq27ZpLw\n"),
        (
            "var/lib/asterisk/phoneprov/configs/0004f2aabb01.cfg",
            "<x reg.1.address=\"301\" reg.1.auth.userId=\"301\" reg.1.auth.password=\"x9Kq27ZpLw\"/>\n",
        ),
    ]);
    let path = "var/lib/asterisk/phoneprov/configs/0004f2aabb01.cfg";
    assert_eq!(told(&pbx), [format!("{path} 301 Some(true): {PROGRAM} 8088 CannotTell")]);
}

const FUSION: &str = "--\n-- PostgreSQL database dump\n--\n
COPY public.v_extensions (extension_uuid, domain_uuid, extension, password, user_context, enabled) FROM stdin;
a\td1\t1001\tx9Kq27ZpLw\tone.example\ttrue
b\td1\t1002\tKk82-mmQ71\tone.example\ttrue
\\.
COPY public.v_devices (device_uuid, domain_uuid, device_mac_address, device_vendor, device_enabled) FROM stdin;
p1\td1\t00-15-65-aa-bb-01\tyealink\ttrue
p2\td1\t001565aabb02\tyealink\ttrue
p3\td1\t001565aabb03\tyealink\tfalse
\\.
COPY public.v_device_lines (device_line_uuid, domain_uuid, device_uuid, line_number, user_id, auth_id, password, enabled) FROM stdin;
l1\td1\tp1\t1\t1001\t1001\tx9Kq27ZpLw\ttrue
l2\td1\tp1\t2\t1002\t1002\tan-older-one\ttrue
l3\td1\tp2\t1\t1002\t1002\tKk82-mmQ71\tfalse
l4\td1\tp3\t1\t1002\t1002\tKk82-mmQ71\ttrue
\\.
COPY public.v_default_settings (default_setting_uuid, default_setting_category, default_setting_subcategory, default_setting_name, default_setting_value, default_setting_enabled) FROM stdin;
";

/// Puts rows of settings behind the dump.
fn fusion(settings: &[(&str, &str, &str)]) -> String {
    let rows =
        settings.iter().map(|(name, value, on)| format!("s\tprovision\t{name}\ttext\t{value}\t{on}\n"));
    format!("{FUSION}{}\\.\n", rows.collect::<String>())
}

#[test]
fn fusionpbx_gives_a_phones_secrets_to_whoever_its_settings_let() {
    for (settings, audience) in [
        (&[][..], "CannotTell"),
        (&[("enabled", "true", "true")], "CannotTell"),
        (&[("enabled", "false", "true")], "Nobody"),
        (&[("enabled", "true", "false"), ("cidr", "10.0.0.0/8", "true")], "Nobody"),
        (&[("enabled", "true", "true"), ("cidr", "10.0.0.0/8", "true")], "Network"),
        (
            &[
                ("enabled", "true", "true"),
                ("http_auth_username", "u", "true"),
                ("http_auth_password", "hidden-secret", "true"),
            ],
            "Password",
        ),
    ] {
        let pbx = pbx(&[("var/backups/fusionpbx.sql", &fusion(settings))]);
        let wanted = [("1001", true), ("1002", false)].map(|(account, live)| {
            format!("app/provision/001565aabb01.cfg {account} Some({live}): FusionPBX 80,443 {audience}")
        });
        assert_eq!(told(&pbx), wanted, "{settings:?}");
        assert!(!format!("{pbx:?}").contains("hidden-secret"));
    }
}

#[test]
fn the_web_server_before_fusionpbx_has_its_say() {
    let site = "server {\nlisten 8443 ssl;\nroot /var/www/fusionpbx;\nlocation / { allow 192.168.0.0/16; deny all; }\n}\n";
    let dump = fusion(&[("enabled", "true", "true")]);
    let pbx = pbx(&[("var/backups/fusionpbx.sql", &dump), ("etc/nginx/sites-enabled/fusionpbx", site)]);
    let told = told(&pbx);
    assert_eq!(told.len(), 2);
    assert_eq!(
        told.first().map(String::as_str),
        Some("var/www/fusionpbx/app/provision/001565aabb01.cfg 1001 Some(true): nginx 8443 Network")
    );
}

#[test]
fn phones_of_endpoint_managers_are_known_by_their_addresses() {
    let tables = "-- MySQL dump 10.13
INSERT INTO `sip` VALUES ('301','account','301',2),('301','secret','x9Kq27ZpLw',18),('301','sipdriver','chan_pjsip',21);
INSERT INTO `endpoint_extensions` (`ext`,`mac`,`brand`,`template`) VALUES ('301','001565AABB01','yealink','t');
INSERT INTO `endpointman_mac_list` (`id`,`mac`,`model`) VALUES (4,'0004F2AABB01','7');
INSERT INTO `endpointman_line_list` (`luid`,`mac_id`,`line`,`ext`) VALUES (1,4,1,'301');
INSERT INTO `endpointman_global_vars` (`idnum`,`var_name`,`value`) VALUES (1,'server_type','http');
INSERT INTO `endpoint` (`id`,`id_manufacturer`,`mac_address`) VALUES (9,1,'00:0B:82:AA:BB:01');
INSERT INTO `endpoint_account` (`id`,`id_endpoint`,`tech`,`account`) VALUES (1,9,'sip','301');
";
    let read = pbx(&[("asterisk.sql", tables)]);
    assert_eq!(
        told(&read),
        [
            "provisioning/0004f2aabb01.cfg 301 Some(true): FreePBX's Endpoint Manager (open source) 80,443 CannotTell",
            "tftpboot/001565aabb01.cfg 301 None: ",
            "tftpboot/000b82aabb01.cfg 301 None: ",
        ]
    );
    // Where the file itself is there, it tells more.
    let file = "account.1.user_name = 301\naccount.1.password = x9Kq27ZpLw\n";
    let read = pbx(&[("asterisk.sql", tables), ("tftpboot/001565aabb01.cfg", file)]);
    assert_eq!(read.phone_files.iter().filter(|file| file.path.contains("001565aabb01")).count(), 1);
}
