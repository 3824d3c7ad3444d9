//! Secrets out of every sort of file.

use crate::pbx::Weakness;
use crate::pbx::tests::read_texts;

/// Returns `kind owner reach standing: weaknesses` of each secret, the weaknesses by their names.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let pbx = read_texts(files);
    let text = format!("{pbx:?}");
    for secret in ["Zx81Spectrum", "Lq8-Vn2xTz", "amp111", "amp109"] {
        assert!(!text.contains(secret), "a secret is shown");
    }
    let held = pbx.held_secrets.iter().map(|held| {
        let weaknesses: Vec<&Weakness> = held.weaknesses.iter().collect();
        format!("{:?} {} {:?} {:?} {weaknesses:?}", held.kind, held.owner, held.reach, held.standing)
    });
    held.collect()
}

#[test]
fn asterisks_files_tell_whose_secrets_they_hold() {
    let sip = "[general]\nregister => 4711:Lq8-Vn2xTz@carrier.example/1\n[base](!)\ntype=friend\nhost=dynamic\n\
               secret=unused\n[301](base)\nsecret=301\npermit=10.0.0.0/8\ndeny=0.0.0.0/0\npermit=10.0.0.0/8\n\
               [302](base)\nsecret=<secret>\n[303](base)\nmd5secret=0123\nsecret=\n\
               [carrier]\ntype=peer\nhost=carrier.example\nusername=4711\nsecret=Lq8-Vn2xTz\n;secret=old\n";
    assert_eq!(
        told(&[("etc/asterisk/sip.conf", sip)]),
        [
            "Sip 301 Listed InForce [EqualsName, DigitsOnly, Short]",
            "Sip 303 Anywhere InForce []",
            "Trunk 4711@carrier.example Presented InForce []",
            "Trunk carrier Presented InForce []",
        ]
    );
    let voicemail = "[general]\nformat=wav\n[default]\n301 => 301,Ann,a@b.example\n302 => -7294,Bob\n\
                     303 => ,Nobody\n1234 => 4242,Example Mailbox,root@localhost\n301@x => 301@default\n";
    assert_eq!(
        told(&[("etc/asterisk/voicemail.conf", voicemail)]),
        [
            "Voicemail 301@default Unknown InForce [EqualsName, Short]",
            "Voicemail 302@default Unknown InForce []",
            "Voicemail 303@default Unknown InForce [Empty]",
            "Voicemail 1234@default Unknown Off [Sequence]",
        ]
    );
    let manager =
        "[general]\nenabled=yes\n[admin]\nsecret=amp111\ndeny=0.0.0.0/0\npermit=127.0.0.1\n[none]\n";
    assert_eq!(
        told(&[("etc/asterisk/manager.conf", manager)]),
        ["Manager admin Local InForce [Shipped, Short]"]
    );
    let ari = "[general]\nenabled=yes\n[web]\ntype=user\npassword=Zx81Spectrum\n[two]\ntype=user\n\
               password=$6$abc$def\npassword_format=crypt\n";
    assert_eq!(
        told(&[("etc/asterisk/ari.conf", ari)]),
        ["Ari web Unknown InForce []", "Ari two Unknown InForce []"]
    );
    let odbc = "[asterisk]\nenabled => yes\nusername => root\npassword => 12345\n[spare]\nenabled => no\n\
                username => x\npassword => y\n";
    assert_eq!(
        told(&[
            ("etc/asterisk/res_odbc.conf", odbc),
            (
                "etc/asterisk/cdr_mysql.conf",
                "[global]\nhostname=localhost\nuser=cdr\npassword=Zx81Spectrum\n"
            )
        ]),
        [
            "Database cdr Local InForce []",
            "Database root Unknown InForce [Common, Sequence, DigitsOnly, Short]",
            "Database x Unknown Off [Short]",
        ]
    );
}

#[test]
fn objects_of_pjsip_are_held_by_who_names_them() {
    let pjsip = "[carrier]\ntype=registration\noutbound_auth=carrier-auth\nserver_uri=sip:carrier.example\n\
                 [carrier-auth]\ntype=auth\nusername=4711\npassword=Lq8-Vn2xTz\n[301]\ntype=endpoint\nauth=301-auth\n\
                 aors=301\n[302]\ntype=endpoint\nauth=301-auth\naors=302\n[301-auth]\ntype=auth\nusername=desk\n\
                 password=desk\n[spare]\ntype=auth\nusername=spare\nmd5_cred=0123\n";
    assert_eq!(
        told(&[("etc/asterisk/pjsip.conf", pjsip)]),
        [
            "Pjsip 301 Anywhere InForce [EqualsName, Common, Short, Word, Shared]",
            "Pjsip 302 Anywhere InForce [EqualsName, Common, Short, Word, Shared]",
            "Pjsip spare Anywhere InForce []",
            "Trunk carrier Presented InForce []",
        ]
    );
}

#[test]
fn old_copies_hold_secrets_and_define_nothing() {
    let now = "[301]\ntype=friend\nhost=dynamic\nsecret=Lq8-Vn2xTz\n";
    let before =
        "[301]\ntype=friend\nhost=dynamic\nsecret=Lq8-Vn2xTz\n[309]\ntype=friend\nhost=dynamic\nsecret=309\n";
    let files = [("etc/asterisk/sip.conf", now), ("root/sip.conf.bak", before)];
    assert_eq!(
        told(&files),
        [
            "Sip 301 Anywhere InForce []",
            "Sip 301 Anywhere Aside [StillInForce]",
            "Sip 309 Anywhere Aside [EqualsName, DigitsOnly, Short]",
        ]
    );
    assert_eq!(read_texts(&files).accounts.len(), 1);
}

#[test]
fn panels_keep_passwords_in_files_of_their_own() {
    let php = "<?php\n$amp_conf['AMPDBUSER'] = 'freepbxuser';\n$amp_conf[\"AMPDBPASS\"] = \"Zx81Spectrum\"; // x\n?>\n";
    let shell = "# AMPDBPASS=amp109\nAMPDBUSER=asteriskuser\nAMPDBPASS=amp109\nAMPMGRPASS=amp111\nARI_ADMIN_PASSWORD=\n";
    let issabel = "mysqlrootpwd=Lq8-Vn2xTz\namiadminpwd=Lq8-Vn2xTz\n";
    let fusion = "database.0.username = fusionpbx\ndatabase.0.password = fusionpbx\n";
    assert_eq!(
        told(&[("etc/freepbx.conf", php), ("etc/fusionpbx/config.conf", fusion)]),
        [
            "Database freepbxuser Local InForce []",
            "Database fusionpbx Local InForce [EqualsName, Shipped, Word]",
        ]
    );
    assert_eq!(
        told(&[("etc/amportal.conf", shell)]),
        [
            "Manager admin Local InForce [Shipped, Short]",
            "Database asteriskuser Local InForce [Shipped, Short]"
        ]
    );
    assert_eq!(
        told(&[("etc/issabel.conf", issabel)]),
        ["Manager admin Local InForce [Shared]", "Database root Local InForce [Shared]"]
    );
}

#[test]
fn tables_tell_of_panel_users_and_older_secrets() {
    // `printf admin | sha1sum`; `printf pepperletmein | md5sum`
    let dump = "-- MySQL dump 10.13\n\
INSERT INTO `ampusers` (`username`,`password_sha1`,`sections`) VALUES ('boss','d033e22ae348aeb5660fc2140aec35850c4da997','*');\n\
INSERT INTO `v_users` (`user_uuid`,`username`,`password`,`salt`) VALUES ('1','ann','20691ad61f1309f8b2cd096528579a80','pepper'),('2','bob','$2y$10$abc','');\n\
INSERT INTO `sip` VALUES ('301','account','301',2),('301','secret','Lq8-Vn2xTz',3),('301','secret_origional','Zx81Spectrum',4),('301','sipdriver','chan_pjsip',5);\n";
    assert_eq!(
        told(&[("backup/asterisk.sql", dump)]),
        [
            "Sip 301 Unknown InForce [OldOneKept]",
            "Pjsip 301 Anywhere InForce []",
            "Panel boss Unknown InForce [Shipped, Short, Word, UnsaltedHash]",
            "Panel ann Unknown InForce [Common, Short, Word]",
            "Panel bob Unknown InForce []",
        ]
    );
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(24))]
    #[test]
    fn any_text_in_any_file_is_survived(text in "[\\[\\]a-z0-9=>:@/,;\n$'\"(){}<!-]{0,200}") {
        for path in ["etc/amportal.conf", "etc/freepbx.conf", "etc/asterisk/voicemail.conf", "etc/asterisk/pjsip.conf",
            "etc/asterisk/res_odbc.conf", "root/sip.conf.bak", "etc/asterisk/iax.conf"] {
            let text = format!("[general]\na=b\n{text}");
            let _ = read_texts(&[("etc/asterisk/logger.conf", "[general]\na=b\n"), (path, &text)]);
        }
    }
}
