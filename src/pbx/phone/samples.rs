//! One file of every vendor, as its phones take it: each vendor's keys are tried, and none is left out.

use std::collections::BTreeSet;

use super::credentials;
use super::pages::tests::passwords;
use super::rules::{Reach, vendors};

/// A vendor, and a file of its own in which account 301 has the secret `Sx7`, and the page `Pg4` where it has one.
const SAMPLES: &[(&str, &str)] = &[
    (
        "yealink",
        "account.1.user_name = 301\naccount.1.auth_name = 301\naccount.1.password = Sx7\nstatic.security.user_password = admin:Pg4\n",
    ),
    (
        "yealink",
        "[ account ]\npath = /yealink/config/voip/sipAccount0.cfg\nUserName = 301\nAuthName = 301\npassword = Sx7\n[ AdminPassword ]\npath = /yealink/config/Setting/autop.cfg\npassword = Pg4\n",
    ),
    (
        "polycom",
        "<reg reg.1.address=\"301\" reg.1.auth.userId=\"301\" reg.1.auth.password=\"Sx7\" /><device device.auth.localAdminPassword=\"Pg4\" device.auth.localUserPassword=\"Pg4\" />\n",
    ),
    (
        "cisco-spa",
        "<User_ID_1_ ua=\"na\">301</User_ID_1_>\n<Auth_ID_1_>301</Auth_ID_1_>\n<Password_1_>Sx7</Password_1_>\n<Admin_Passwd>Pg4</Admin_Passwd>\n<User_Password>Pg4</User_Password>\n",
    ),
    (
        "cisco-sep",
        "<name>301</name>\n<authName>301</authName>\n<authPassword>Sx7</authPassword>\n<phonePassword>Pg4</phonePassword>\n<sshPassword>Pg4</sshPassword>\n",
    ),
    ("cisco-sep", "line1_name: 301\nline1_authname: 301\nline1_password: \"Sx7\"\nphone_password: Pg4\n"),
    (
        "cisco-sep",
        "<User_ID_1_>301</User_ID_1_><Auth_ID_1_>301</Auth_ID_1_><Password_1_>Sx7</Password_1_><Admin_Password>Pg4</Admin_Password>",
    ),
    ("cisco-ata186", "UID0:301\nPWD0:Sx7\nLoginID0:301\nUIPassword:Pg4\n"),
    ("grandstream", "P35=301\nP36=301\nP34=Sx7\nP2=Pg4\nP196=Pg4\n"),
    ("grandstream", "<P35>301</P35><P36>301</P36><P34>Sx7</P34><P2>Pg4</P2><P196>Pg4</P196>"),
    (
        "grandstream",
        "<item name=\"account.1.sip.subscriber.userid\">301</item><item name=\"account.1.sip.subscriber.password\">Sx7</item><item name=\"users.admin.password\">Pg4</item>",
    ),
    (
        "htek",
        "<P35 para=\"a\">301</P35><P36 para=\"b\">301</P36><P34 para=\"c\">Sx7</P34><P8681 para=\"d\">Pg4</P8681>",
    ),
    (
        "sangoma",
        "<P35 para=\"a\">301</P35><P36 para=\"b\">301</P36><P34 para=\"c\">Sx7</P34><P2 para=\"d\">Pg4</P2>",
    ),
    (
        "snom",
        "<user_name idx=\"1\" perm=\"\">301</user_name><user_pname idx=\"1\">301</user_pname><user_pass idx=\"1\">Sx7</user_pass><http_pass perm=\"\">Pg4</http_pass>",
    ),
    ("snom", "user_name1: 301\nuser_pname1: 301\nuser_pass1: Sx7\nhttp_pass: Pg4\n"),
    (
        "aastra-mitel",
        "sip line1 user name: 301\nsip line1 auth name: 301\nsip line1 password: Sx7\nadmin password: Pg4\nuser password: Pg4\n",
    ),
    ("aastra-mitel", "<User ID=\"301\" Pwd=\"Sx7\" AuthName=\"301\" /><admin_passwd>Pg4</admin_passwd>"),
    (
        "fanvil",
        "SIP1 Phone Number :301\nSIP1 Register User :301\nSIP1 Register Pswd :Sx7\nAccount1 Password :Pg4\n",
    ),
    (
        "fanvil",
        "<RegisterUser>301</RegisterUser><RegisterPswd>Sx7</RegisterPswd><account index=\"1\">\n<Name>admin</Name>\n<Password>Pg4</Password>",
    ),
    (
        "digium",
        "<account index=\"0\" username=\"301\" authname=\"301\" password=\"Sx7\"/><setting id=\"login_password\" value=\"Pg4\"/>",
    ),
    (
        "panasonic",
        "PHONE_NUMBER_1=\"301\"\nSIP_AUTHID_1=\"301\"\nSIP_PASS_1=\"Sx7\"\nADMIN_PASS=\"Pg4\"\nUSER_PASS=\"Pg4\"\n",
    ),
    (
        "gigaset",
        "<SYMB_ITEM ID=\"BS_IP_Data1.aucS_SIP_LOGIN_ID\" class=\"a\" value='\"301\"'/><SYMB_ITEM ID=\"BS_IP_Data1.aucS_SIP_PASSWORD\" class=\"a\" value='\"Sx7\"'/>",
    ),
    (
        "gigaset",
        "<param name=\"SipAccount.1.AuthName\" value=\"301\"/>\n<param name=\"SipAccount.1.AuthPassword\" value=\"Sx7\"/>\n<param name=\"WebUIAccounts.1.Password\" value=\"Pg4\"/>",
    ),
    (
        "gigaset",
        "<param name=\"SIP.Account.0.AuthName\" value=\"301\"/><param name=\"SIP.Account.0.AuthPassword\" value=\"Sx7\"/><param name=\"WebUI.AdminPassword\" value=\"Pg4\"/>",
    ),
    (
        "gigaset",
        "<user_name idx=\"1\">301</user_name><user_pass idx=\"1\">Sx7</user_pass><admin_mode_password>Pg4</admin_mode_password>",
    ),
    (
        "akuvox",
        "Config.Account1.GENERAL.UserName = 301\nConfig.Account1.GENERAL.AuthName = 301\nConfig.Account1.GENERAL.Pwd = Sx7\nConfig.Settings.WEB_LOGIN.Password = Pg4\n",
    ),
    (
        "audiocodes",
        "voip/line/0/id=301\nvoip/line/0/auth_name=301\nvoip/line/0/auth_password=Sx7\nsystem/password=Pg4\n",
    ),
    (
        "audiocodes",
        "[ Authentication ]\nFORMAT Authentication_Index = Authentication_UserId, Authentication_UserPassword;\nAuthentication 0 = 301, Sx7;\n[ \\Authentication ]\nWEBPASSWORD = Pg4\n",
    ),
    (
        "obihai",
        "<ParameterAndValue><N>SP1.AuthUserName</N><V X=\"0\">301</V></ParameterAndValue><ParameterAndValue><N>SP1.AuthPassword</N><V>Sx7</V></ParameterAndValue><ParameterAndValue><N>AdminPassword</N><V>Pg4</V></ParameterAndValue><ParameterAndValue><N>UserPassword</N><V>Pg4</V></ParameterAndValue>",
    ),
    (
        "obihai",
        "<O N=\"SP1.AuthUserName\" V=\"301\"/><O N=\"SP1.AuthPassword\" V=\"Sx7\"/><O N=\"AdminPassword\" V=\"Pg4\"/><O N=\"UserPassword\" V=\"Pg4\"/>",
    ),
    (
        "vtech",
        "sip_account.1.user_id = 301\nsip_account.1.authentication_name = 301\nsip_account.1.authentication_access_password = Sx7\nprofile.admin.access_password = Pg4\nprofile.user.access_password = Pg4\n",
    ),
    ("algo", "sip.u1 = 301\nsip.u1.auth = 301\nsip.u1.pwd = Sx7\nadmin.pwd = Pg4\napi.admin.pwd = Pg4\n"),
    ("2n", "<AuthId>301</AuthId><PasswordString>Sx7</PasswordString>"),
    (
        "avaya",
        "SET FORCE_SIP_USERNAME \"301\"\nSET FORCE_SIP_PASSWORD \"Sx7\"\nSET FORCE_WEB_ADMIN_PASSWORD \"Pg4\"\nSET ADMIN_PASSWORD Pg4\n",
    ),
    ("yeastar", "<registerauthname>301</registerauthname><registerauthpassword>Sx7</registerauthpassword>"),
    (
        "escene",
        "<sipUser id=\"0\" Password=\"Sx7\" UserNumber=\"301\" approveName=\"301\"/><password UsrName=\"root\" Password=\"Pg4\"/>",
    ),
    ("zenitel", "auth_user=301\nauth_pwd=Sx7\n"),
    ("technicolor", "regid1=301\nregpwd1=Sx7\nUserPWD=Pg4\nAdminPWD=Pg4\n"),
    ("patton", "  username 301 password Sx7\nadministrator root password Pg4\n"),
    ("atcom", "SIP1 Phone Number :301\nSIP1 Register Pswd :Sx7\n"),
    ("swissvoice", "SIP1 Phone Number :301\nSIP1 Register Pswd :Sx7\n"),
    (
        "alcatel",
        "<setting id=\"Account1RegName\" value=\"301\"/><setting id=\"Account1UserName\" value=\"301\"/><setting id=\"Account1Password\" value=\"Sx7\"/><setting id=\"DeviceSecurityAdminPwd\" value=\"Pg4\"/><setting id=\"DeviceSecurityUserPwd\" value=\"Pg4\"/>",
    ),
    ("flyingvoice", "account.1.user_name=301\naccount.1.auth_name=301\naccount.1.password=Sx7\n"),
    (
        "linphone",
        "<section name=\"auth_info_0\"><entry name=\"username\">301</entry><entry name=\"userid\">301</entry><entry name=\"passwd\">Sx7</entry></section>",
    ),
];

#[test]
fn every_vendors_file_gives_its_account() {
    for (name, text) in SAMPLES {
        let vendor = vendors().iter().find(|vendor| vendor.name == *name);
        let vendor = vendor.unwrap_or_else(|| panic!("{name} is no vendor"));
        let found = credentials::find(vendor, text.as_bytes(), Reach::ByName, false, &|_| false);
        let found: Vec<_> = found.iter().map(|held| (held.name.as_str(), held.secret.as_str())).collect();
        assert_eq!(found, [("301", "Sx7")], "{name}: {text}");
    }
    let tried: BTreeSet<&str> = SAMPLES.iter().map(|(name, _)| *name).collect();
    let all: BTreeSet<&str> = vendors().iter().map(|vendor| vendor.name).collect();
    assert_eq!(tried, all);
}

#[test]
fn every_key_of_a_phones_page_is_tried() {
    let mut tried: BTreeSet<usize> = BTreeSet::new();
    for (name, text) in SAMPLES {
        for (row, password) in passwords(name, text) {
            assert!(password == "Pg4" || password == "admin:Pg4", "{name}: {password}");
            tried.insert(row);
        }
    }
    let missing: Vec<usize> = (0..super::pages::tests::rows()).filter(|row| !tried.contains(row)).collect();
    assert!(missing.is_empty(), "rows that no sample has: {missing:?}");
}
