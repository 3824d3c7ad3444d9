//! What is handed out and to whom, by configurations in memory.

use crate::evidence::{Evidence, MemoryFile, Root};
use crate::pbx::{Pbx, read};

const PHONE: &str = "account.1.user_name = 301\naccount.1.password = q8Zr2mT4xKpL\n";

/// Reads files of one disk; a text that begins with `->` is a link's.
fn pbx(files: &[(&str, &str)]) -> Pbx {
    let files: Vec<MemoryFile> = files
        .iter()
        .map(|(path, text)| {
            let target = text.strip_prefix("->");
            let bytes = target.unwrap_or(text).as_bytes().to_vec();
            MemoryFile {
                path: Box::leak(format!("rootfs/{path}").into_boxed_str()),
                bytes: Box::leak(bytes.into_boxed_slice()),
                is_link: target.is_some(),
            }
        })
        .collect();
    let root = Root::Memory(Box::leak(files.into_boxed_slice()));
    read(&Evidence::from_roots(vec!["memory".into()], vec![root]))
}

/// Returns `program port audience` of whatever hands out the one phone file in `folder`.
fn served(folder: &str, files: &[(&str, &str)]) -> Vec<String> {
    let phone = format!("{folder}/001565aabbcc.cfg");
    let files: Vec<_> = files.iter().copied().chain([(phone.as_str(), PHONE)]).collect();
    let pbx = pbx(&files);
    let [file] = pbx.phone_files.as_slice() else { panic!("one phone file, not {:?}", pbx.phone_files) };
    let shares = pbx.shares_of(file);
    shares
        .iter()
        .map(|share| {
            let ports: Vec<String> = share.doors.iter().map(|door| door.port.to_string()).collect();
            let writable = if share.is_writable { " writable" } else { "" };
            format!("{} {} {:?}{writable}", share.program, ports.join(","), pbx.audience(share).audience)
        })
        .collect()
}

#[test]
fn tftp_servers_are_known_by_their_files() {
    let debian = (
        "etc/default/tftpd-hpa",
        "TFTP_DIRECTORY=\"/srv/tftp\"\nTFTP_ADDRESS=\":69\"\nTFTP_OPTIONS=\"--secure --create\"\n",
    );
    assert_eq!(served("srv/tftp", &[debian]), ["in.tftpd 69 CannotTell writable"]);
    assert!(served("srv/tftp2", &[debian]).is_empty(), "another folder");
    let local = ("etc/default/tftpd-hpa", "TFTP_DIRECTORY=/srv/tftp\nTFTP_ADDRESS=127.0.0.1:69\n");
    assert_eq!(served("srv/tftp/yealink", &[local]), ["in.tftpd 69 Nobody"]);
    let xinetd =
        "service tftp\n{\n disable = no\n server_args = -s -vv /tftpboot\n only_from = 192.168.0.0\n}\n";
    assert_eq!(served("tftpboot", &[("etc/xinetd.d/tftp", xinetd)]), ["in.tftpd under xinetd 69 Network"]);
    let off = xinetd.replace("disable = no", "disable = yes");
    assert!(served("tftpboot", &[("etc/xinetd.d/tftp", &off)]).is_empty());
    let dnsmasq = "enable-tftp\ntftp-root=/var/lib/tftpboot\n";
    assert_eq!(
        served("var/lib/tftpboot", &[("etc/dnsmasq.d/phones.conf", dnsmasq)]),
        ["dnsmasq 69 CannotTell"]
    );
    let atftpd = "USE_INETD=false\nOPTIONS=\"--bind-address 127.0.0.1 --verbose=5 /srv/tftp\"\n";
    assert_eq!(served("srv/tftp", &[("etc/default/atftpd", atftpd)]), ["atftpd 69 Nobody"]);
    let unit = (
        "usr/lib/systemd/system/tftp.service",
        "[Service]\nExecStart=/usr/sbin/in.tftpd -s /var/lib/tftpboot\n",
    );
    assert!(served("var/lib/tftpboot", &[unit]).is_empty(), "installed, and not switched on");
    let link =
        ("etc/systemd/system/sockets.target.wants/tftp.socket", "->/usr/lib/systemd/system/tftp.socket");
    let socket = ("usr/lib/systemd/system/tftp.socket", "[Socket]\nListenDatagram=69\n");
    assert_eq!(served("var/lib/tftpboot", &[unit, socket, link]), ["in.tftpd 69 CannotTell"]);
}

#[test]
fn the_saved_firewall_decides_who_reaches_a_port() {
    let server = ("etc/default/tftpd-hpa", "TFTP_DIRECTORY=/tftpboot\nTFTP_ADDRESS=0.0.0.0:69\n");
    let head = "*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n";
    for (rules, audience) in [
        ("", "Nobody"),
        ("-A INPUT -p tcp --dport 69 -j ACCEPT\n", "Nobody"),
        ("-A INPUT -p udp -m udp --dport 69 -j ACCEPT\n", "Internet"),
        ("-A INPUT -p udp -m multiport --dports 60:70,5060 -j ACCEPT\n", "Internet"),
        ("-A INPUT -s 192.168.0.0/16 -p udp --dport 69 -j ACCEPT\n", "Network"),
        ("-A INPUT -s 192.168.0.0/16 -j DROP\n-A INPUT -p udp --dport 69 -j ACCEPT\n", "Internet"),
        ("-A INPUT -p udp --dport 69 -m set --match-set office src -j ACCEPT\n", "CannotTell"),
        ("-A INPUT -j phones\n-A phones -p udp --dport 69 -j ACCEPT\n", "Internet"),
        ("-A INPUT -j phones\n-A phones -j phones\n", "CannotTell"),
    ] {
        let saved = format!("{head}{rules}COMMIT\n");
        let files = [server, ("etc/iptables/rules.v4", saved.as_str())];
        assert_eq!(served("tftpboot", &files), [format!("in.tftpd 69 {audience}")], "{rules}");
    }
}

#[test]
fn the_firewall_in_force_counts_before_the_saved_one() {
    let server = ("etc/default/tftpd-hpa", "TFTP_DIRECTORY=/tftpboot\nTFTP_ADDRESS=0.0.0.0:69\n");
    let saved = |rule: &str| format!("*filter\n:INPUT DROP [0:0]\n{rule}COMMIT\n");
    let (open, shut) = (saved("-A INPUT -p udp --dport 69 -j ACCEPT\n"), saved(""));
    let list = |rule: &str| {
        format!(
            "Chain INPUT (policy DROP 9 packets, 720 bytes)\n pkts bytes target     prot opt in     out     source               destination\n{rule}\nChain FORWARD (policy DROP 0 packets, 0 bytes)\n pkts bytes target     prot opt in     out     source               destination\n"
        )
    };
    let ruleset = |rule: &str| {
        format!(
            "table inet filter {{\n\tset office {{\n\t\ttype ipv4_addr\n\t\telements = {{ 10.0.0.0/8,\n\t\t\t     203.0.113.9 timeout 1h }}\n\t}}\n\tset none {{\n\t\ttype ipv4_addr\n\t}}\n\tchain input {{\n\t\ttype filter hook input priority filter; policy drop;\n\t\t{rule}\n\t}}\n}}\n"
        )
    };
    let in_force = "# Generated by iptables-save v1.8.7 on Mon Nov 16 10:00:00 2026\n";
    for (path, listing, saved, audience) in [
        (
            "iptables_-L_-v_-n.txt",
            list(
                "    0     0 ACCEPT     udp  --  *      *       0.0.0.0/0            0.0.0.0/0            udp dpt:69",
            ),
            &shut,
            "Internet",
        ),
        ("iptables_-L_-v_-n.txt", list(""), &open, "Nobody"),
        ("iptables-save.txt", format!("{in_force}{shut}"), &open, "Nobody"),
        ("nft_list_ruleset.txt", ruleset("ip saddr @office udp dport 69 accept"), &open, "Network"),
        // A set with nothing in it lets nobody in.
        ("nft_list_ruleset.txt", ruleset("ip saddr @none udp dport 69 accept"), &shut, "Nobody"),
        // What iptables loaded may be in force beside what nft lists.
        ("nft_list_ruleset.txt", ruleset("udp dport 69 accept"), &shut, "Nobody"),
    ] {
        let path = format!("live_response/network/{path}");
        let files = [server, ("etc/iptables/rules.v4", saved.as_str()), (path.as_str(), listing.as_str())];
        assert_eq!(served("tftpboot", &files), [format!("in.tftpd 69 {audience}")], "{listing}");
    }
}

#[test]
fn every_form_of_saved_rules_is_read() {
    let server = ("etc/default/tftpd-hpa", "TFTP_DIRECTORY=/tftpboot\n");
    let nft = |rule: &str| {
        format!(
            "#!/usr/sbin/nft -f\nflush ruleset\ntable inet filter {{\n\tchain input {{\n\t\ttype filter hook input priority 0; policy drop;\n\t\tct state established,related accept\n\t\tiif \"lo\" accept\n{rule}\n\t}}\n\tchain forward {{ type filter hook forward priority 0; policy accept; }}\n}}\n"
        )
    };
    for (rule, audience) in [
        ("\t\ttcp dport { 22, 80 } accept", "Nobody"),
        ("\t\tudp dport { 69, 5060 } accept", "Internet"),
        ("\t\tudp dport tftp accept", "Internet"),
        ("\t\tip saddr 10.0.0.0/8 udp dport 69 counter accept", "Network"),
        ("\t\tip saddr @office udp dport 69 accept", "CannotTell"),
    ] {
        let text = nft(rule);
        let files = [server, ("etc/nftables.conf", text.as_str())];
        assert_eq!(served("tftpboot", &files), [format!("in.tftpd 69 {audience}")], "{rule}");
    }
    let ufw = |rules: &str| format!("*filter\n:ufw-user-input - [0:0]\n{rules}COMMIT\n");
    let policy = ("etc/default/ufw", "DEFAULT_INPUT_POLICY=\"DROP\"\n");
    let open = ufw("-A ufw-user-input -p udp --dport 69 -j ACCEPT\n");
    let closed = ufw("-A ufw-user-input -p tcp --dport 22 -j ACCEPT\n");
    assert_eq!(
        served("tftpboot", &[server, policy, ("etc/ufw/user.rules", &open)]),
        ["in.tftpd 69 Internet"]
    );
    assert_eq!(
        served("tftpboot", &[server, policy, ("etc/ufw/user.rules", &closed)]),
        ["in.tftpd 69 Nobody"]
    );
    let off = ("etc/ufw/ufw.conf", "ENABLED=no\n");
    assert_eq!(
        served("tftpboot", &[server, policy, off, ("etc/ufw/user.rules", &closed)]),
        ["in.tftpd 69 CannotTell"]
    );
    let default = ("etc/firewalld/firewalld.conf", "DefaultZone=public\n");
    for (zone, audience) in [
        ("<service name=\"ssh\"/>", "Nobody"),
        ("<service name=\"tftp\"/>", "Internet"),
        ("<port port=\"60-70\" protocol=\"udp\"/>", "Internet"),
        (
            "<rule family=\"ipv4\">\n<source address=\"10.1.0.0/16\"/>\n<service name=\"tftp\"/>\n<accept/>\n</rule>",
            "Network",
        ),
    ] {
        let text = format!("<?xml version=\"1.0\"?>\n<zone>\n{zone}\n</zone>\n");
        let files = [server, default, ("etc/firewalld/zones/public.xml", text.as_str())];
        assert_eq!(served("tftpboot", &files), [format!("in.tftpd 69 {audience}")], "{zone}");
    }
}

#[test]
fn apaches_sites_are_read_with_what_they_ask_for() {
    let ports = ("etc/apache2/ports.conf", "Listen 80\nListen 83\n");
    let site = |access: &str| {
        format!(
            "<VirtualHost *:83>\n DocumentRoot \"/tftpboot\"\n <Directory /tftpboot>\n  Options None\n{access}\n </Directory>\n</VirtualHost>\n<VirtualHost *:84>\n DocumentRoot /tftpboot\n</VirtualHost>\n"
        )
    };
    for (access, audience) in [
        ("Require all granted", "CannotTell"),
        ("Require all denied", "Nobody"),
        ("AuthType Basic\nRequire valid-user", "Password"),
        ("Require ip 10.1 192.168.1.0/24", "Network"),
        ("Require local", "Nobody"),
        ("Order allow,deny\nAllow from all", "CannotTell"),
        ("Order deny,allow\nDeny from all\nAllow from 192.168.0.0/16", "Network"),
        ("<IfModule mod_authz_core.c>\nRequire all denied\n</IfModule>", "Nobody"),
    ] {
        let text = site(access);
        let files = [ports, ("etc/apache2/sites-enabled/hpro.conf", text.as_str())];
        // Nothing listens at port 84.
        assert_eq!(served("tftpboot", &files), [format!("Apache 83 {audience}")], "{access}");
    }
    // Without the file that lists the ports, both sites may be heard.
    let text = site("Require all granted");
    let files = [
        ("etc/apache2/sites-enabled/hpro.conf", text.as_str()),
        ("etc/apache2/sites-enabled/ucp.conf", "Listen 81\n"),
    ];
    assert_eq!(served("tftpboot", &files), ["Apache 83 CannotTell", "Apache 84 CannotTell"]);
    let available = ("etc/apache2/sites-available/hpro.conf", text.as_str());
    assert!(served("tftpboot", &[ports, available]).is_empty(), "a site that is off");
    let link = ("etc/apache2/sites-enabled/hpro.conf", "->../sites-available/hpro.conf");
    assert_eq!(served("tftpboot", &[ports, available, link]), ["Apache 83 CannotTell"]);
    let saved = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 80 -j ACCEPT\nCOMMIT\n";
    let files = [ports, available, link, ("etc/sysconfig/iptables", saved)];
    assert_eq!(served("tftpboot", &files), ["Apache 83 Nobody"]);
}

#[test]
fn web_roots_aliases_and_links_lead_to_phone_files() {
    let main = "Listen 80\nDocumentRoot \"/var/www/html\"\n<Directory \"/var/www/html\">\nRequire all granted\n</Directory>\n<Directory \"/var/www/html/private\">\nRequire all denied\n</Directory>\nAlias /prov /srv/prov\n<Location /prov>\nAuthType Digest\nRequire valid-user\n</Location>\n";
    let httpd = ("etc/httpd/conf/httpd.conf", main);
    assert_eq!(served("var/www/html/provisioning", &[httpd]), ["Apache 80 CannotTell"]);
    assert_eq!(served("var/www/html/private/phones", &[httpd]), ["Apache 80 Nobody"]);
    assert_eq!(served("srv/prov", &[httpd]), ["Apache 80 Password"]);
    assert!(served("tftpboot", &[httpd]).is_empty());
    let link = ("var/www/html/yealink", "->/tftpboot");
    assert_eq!(served("tftpboot", &[httpd, link]), ["Apache 80 CannotTell"]);
}

#[test]
fn a_file_in_the_folder_has_a_say_where_it_is_let() {
    let main = |overrides: &str| {
        format!(
            "Listen 127.0.0.1:81\nListen 80\nDocumentRoot /var/www/html\n<Directory />\nAllowOverride None\n</Directory>\n<Directory /var/www/html>\nAllowOverride {overrides}\nRequire all granted\n</Directory>\n<VirtualHost *:81>\nDocumentRoot /var/www/html\n</VirtualHost>\n"
        )
    };
    let own = (
        "var/www/html/prov/.htaccess",
        "<Files x>\nRequire all granted\n</Files>\n<IfModule a>\nAuthType Basic\nRequire valid-user\n</IfModule>\n",
    );
    for (overrides, audience) in [("All", "Password"), ("None", "CannotTell"), ("AuthConfig", "Password")] {
        let text = main(overrides);
        let files = [("etc/httpd/conf/httpd.conf", text.as_str()), own];
        let told = served("var/www/html/prov/yealink", &files);
        let of_81 = if audience == "Password" { "Password" } else { "Nobody" };
        assert_eq!(told, [format!("Apache 81 {of_81}"), format!("Apache 80 {audience}")], "{overrides}");
    }
}

#[test]
fn nginx_sites_are_read_with_what_they_ask_for() {
    let site = |inner: &str| {
        format!(
            "server {{\n  listen 84; listen [::]:84;\n  root /var/www/html;\n  location /app/ {{ return 403; }}\n  location ~ \\.php$ {{ root /nowhere; }}\n  {inner}\n}}\n"
        )
    };
    for (inner, audience) in [
        ("", "CannotTell"),
        ("location /prov/ { auth_basic \"phones\"; }", "Password"),
        ("location /prov { allow 10.0.0.0/8; deny all; }", "Network"),
        ("location /prov { deny all; }", "Nobody"),
        ("allow 127.0.0.1;\ndeny all;", "Nobody"),
        ("auth_basic x;\nlocation /prov/ { auth_basic off; }", "CannotTell"),
    ] {
        let text = site(inner);
        let files = [("etc/nginx/conf.d/phones.conf", text.as_str())];
        assert_eq!(served("var/www/html/prov", &files), [format!("nginx 84,84 {audience}")], "{inner}");
    }
    let alias = "server {\n listen 127.0.0.1:8080;\n location /p/ {\n  alias /srv/tftp/;\n }\n}\n";
    assert_eq!(served("srv/tftp", &[("etc/nginx/conf.d/a.conf", alias)]), ["nginx 8080 Nobody"]);
}

#[test]
fn the_ports_of_every_web_and_file_server_are_known() {
    use crate::pbx::{Carriage, Spoken};
    let apache = (
        "etc/apache2/ports.conf",
        "Listen 80\n<IfModule ssl_module>\nListen 0.0.0.0:8443 https\n</IfModule>\nListen 127.0.0.1:8081\n",
    );
    let site = ("etc/apache2/sites-enabled/x.conf", "<VirtualHost *:81>\nServerName x\n</VirtualHost>\n");
    let nginx = (
        "etc/nginx/conf.d/a.conf",
        "server {\n listen [::]:8445 ssl; location / { proxy_pass http://127.0.0.1:9; } }\nstream { server { listen 5062; } }\nserver {\n listen 127.0.0.1:8082;\n}\n",
    );
    let lighttpd = (
        "etc/lighttpd/lighttpd.conf",
        "server.port = 8088\n$SERVER[\"socket\"] == \":8444\" {\n ssl.engine = \"enable\"\n}\n",
    );
    let tftp = ("etc/default/tftpd-hpa", "TFTP_DIRECTORY=/srv/tftp\nTFTP_ADDRESS=:6969\n");
    let pbx = pbx(&[apache, site, nginx, lighttpd, tftp]);
    let of = |wanted| -> Vec<u16> {
        let mut ports: Vec<u16> =
            pbx.listeners.iter().filter(|one| one.spoken == wanted).map(|one| one.port).collect();
        ports.sort_unstable();
        ports
    };
    assert_eq!(of(Spoken::Pages), [80, 81, 8088, 8443, 8444, 8445]);
    assert_eq!(of(Spoken::Files), [6969]);
    assert!(pbx.listeners.iter().any(|one| one.spoken == Spoken::Files && one.carriage == Carriage::Udp));
}

#[test]
fn ftp_servers_open_folders_to_guests_and_homes_to_users() {
    let passwd = (
        "etc/passwd",
        "root:x:0:0::/root:/bin/bash\nftp:x:14:50::/var/ftp:/sbin/nologin\nPlcmSpIp:x:1001:1001::/home/PlcmSpIp:/bin/sh\njo:x:1002:1002::/home/jo:/bin/sh\n",
    );
    let guests = (
        "etc/vsftpd/vsftpd.conf",
        "listen=YES\nanonymous_enable=YES\nwrite_enable=YES\nanon_upload_enable=YES\nlocal_enable=NO\n",
    );
    assert_eq!(served("var/ftp/pub", &[passwd, guests]), ["vsftpd 21 CannotTell writable"]);
    let users = ("etc/vsftpd.conf", "anonymous_enable=NO\nlocal_enable=YES\n");
    assert_eq!(served("home/PlcmSpIp", &[passwd, users]), ["vsftpd 21 CannotTell"], "a published password");
    assert_eq!(served("home/jo/tftp", &[passwd, users]), ["vsftpd 21 Password"]);
    assert!(served("var/ftp", &[passwd, users]).is_empty());
    let proftpd = "Port 21\n<Anonymous ~ftp>\n <Limit WRITE>\n  DenyAll\n </Limit>\n</Anonymous>\n";
    assert_eq!(
        served("var/ftp", &[passwd, ("etc/proftpd/proftpd.conf", proftpd)]),
        ["proftpd 21 CannotTell"]
    );
    let closed = proftpd.replace("WRITE", "LOGIN");
    assert!(served("var/ftp", &[passwd, ("etc/proftpd/proftpd.conf", &closed)]).is_empty());
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]
    #[test]
    fn any_configuration_is_survived(
        words in proptest::collection::vec("[{}<>;\"!:/,.a-z0-9 =~-]{0,12}|\n|</|<Directory |server \\{|-A INPUT |chain x \\{|location |listen |jump x|:INPUT DROP", 0..60)
    ) {
        let text = words.join(" ");
        for path in [
            "etc/default/tftpd-hpa", "etc/default/atftpd", "etc/xinetd.d/tftp", "etc/inetd.conf", "etc/dnsmasq.conf",
            "etc/vsftpd.conf", "etc/proftpd/proftpd.conf", "etc/passwd", "etc/httpd/conf/httpd.conf",
            "etc/nginx/nginx.conf", "etc/iptables/rules.v4", "etc/nftables.conf", "etc/ufw/user.rules",
            "etc/firewalld/firewalld.conf", "etc/firewalld/zones/public.xml",
        ] {
            let pbx = pbx(&[(path, &text)]);
            for share in &pbx.shares {
                let _ = pbx.audience(share);
            }
            for port in [0, 69, 65_535] {
                let _ = pbx.firewall.verdict("rootfs/", crate::pbx::Protocol::Udp, port);
            }
        }
    }
}
