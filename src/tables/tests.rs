//! What is read of dumps, however they are cut.

use proptest::prelude::*;

use super::*;
use crate::readers::Why;

/// Writes down what is told.
#[derive(Debug, Default, PartialEq)]
struct Told {
    table: String,
    rows: Vec<String>,
    lost: Vec<(usize, Why)>,
    base: (usize, usize),
}

impl Rows for Told {
    fn begin(&mut self, table: &Table) -> bool {
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("{}{}", column.name, if column.in_utc { " in UTC" } else { "" }))
            .collect();
        self.table = format!("{}({})", table.name, columns.join(","));
        !table.name.starts_with("other")
    }

    fn row(&mut self, values: &[Option<&[u8]>], place: Place) {
        let text =
            |value: &Option<&[u8]>| value.map_or("NULL".to_owned(), |text| text.escape_ascii().to_string());
        let values: Vec<String> = values.iter().map(text).collect();
        let (offset, line) = (self.base.0 + place.offset, self.base.1 + place.line);
        self.rows.push(format!("{} {offset}+{}:{line} {}", self.table, place.length, values.join("|")));
    }

    fn lost(&mut self, place: Place, why: Why) {
        self.lost.push((self.base.1 + place.line, why));
    }
}

fn read(text: &[u8], piece: usize) -> (Told, u64) {
    let mut told = Told::default();
    let mut dump = Dump::new(Dialect::of(text));
    let mut bytes = text;
    pump(&mut bytes, piece, |buffer, at_end| {
        let done = dump.feed(buffer, at_end, &mut told);
        told.base.0 += done;
        told.base.1 += memchr::memchr_iter(b'\n', &buffer[..done]).count();
        done
    })
    .expect("memory can be read");
    (told, dump.others)
}

fn rows(text: &str) -> Vec<String> {
    let whole = read(text.as_bytes(), text.len() + 1);
    for piece in [1, 3, 17] {
        assert_eq!(read(text.as_bytes(), piece), whole, "in pieces of {piece}");
    }
    assert_eq!(whole.0.lost, [], "{text}");
    whole.0.rows.into_iter().map(|row| row.split_once(' ').expect("a place").1.to_owned()).collect()
}

#[test]
fn strings_are_read_in_every_systems_spelling() {
    let mysql = "/*!40101 SET NAMES utf8 */;\nINSERT INTO `t` (`a`,`b`,`c`,`d`,`e`) VALUES ('it\\'s','a''b\\n\\0\\\\','50\\%',_binary '\\Z',0x4142),(NULL,-1.5e3,\"say \\\"x\\\"\",x'43',TRUE);\n";
    assert_eq!(
        rows(mysql),
        [r"73+49:1 it\'s|a\'b\n\x00\\|50\\%|\x1a|AB", r#"123+36:1 NULL|-1.5e3|say \"x\"|C|TRUE"#]
    );
    let sqlite = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE IF NOT EXISTS \"t\" (a TEXT, [b c] INT, PRIMARY KEY(a));\nINSERT INTO t VALUES('c:\\dir\\',1);\nINSERT INTO \"t\" VALUES(replace(replace('a\\r\\nb','\\r',char(13)),'\\n',char(10)),unistr('x\\u000ay'));\nINSERT INTO t VALUES('two\nlines','it''s');\nCOMMIT;\n";
    let found = rows(sqlite);
    assert!(found[0].ends_with(r":3 c:\\dir\\|1"), "{found:?}");
    assert!(found[1].ends_with(r":4 a\r\nb|x\ny"), "{found:?}");
    assert!(found[2].ends_with(r":5 two\nlines|it\'s"), "{found:?}");
    let postgres = "--\n-- PostgreSQL database dump\n--\nSET standard_conforming_strings = on;\nCREATE FUNCTION public.f() RETURNS trigger AS $x$ BEGIN; INSERT INTO t VALUES (1); END $x$;\nCOPY public.t (a, \"b\") FROM stdin;\n\\N\ta\\tb\\\\\\101\\x41\nx;y\t'\n\\.\n\nINSERT INTO public.t (a, b) VALUES (E'l\\n', '2026-01-01'::timestamp without time zone);\n";
    let found = rows(postgres);
    assert!(found[0].ends_with(r":6 NULL|a\tb\\AA"), "{found:?}");
    assert!(found[1].ends_with(r":7 x;y|\'"), "{found:?}");
    assert!(found[2].ends_with(r":10 l\n|2026-01-01"), "{found:?}");
}

#[test]
fn columns_come_from_the_list_the_creation_or_what_is_known() {
    let text = "-- MySQL dump 10.13\n/*!40103 SET TIME_ZONE='+00:00' */;\nCREATE TABLE `a` (\n  `at` timestamp NOT NULL DEFAULT current_timestamp(),\n  `d` enum('x,y','(') COMMENT 'a)b',\n  `local` datetime,\n  PRIMARY KEY (`at`,`d`)\n) ENGINE=InnoDB;\nINSERT INTO `a` VALUES (1,2,3);\nINSERT INTO `a` (`d`, `at`) VALUES (1,2);\nINSERT INTO `sip` VALUES ('1','secret','x',2);\nINSERT INTO `unheard` VALUES (1),(2);\n";
    let (told, others) = read(text.as_bytes(), 1 << 20);
    let tables: Vec<&str> = told.rows.iter().map(|row| row.split_once(')').unwrap_or_default().0).collect();
    assert_eq!(tables, ["a(at in UTC,d,local", "a(d,at in UTC", "sip(id,keyword,data,flags"]);
    assert_eq!((others, told.lost.len()), (2, 0));
}

#[test]
fn triggers_comments_and_queries_are_no_rows() {
    let text = "-- MySQL dump 10.13\nDELIMITER ;;\n/*!50003 CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN\nINSERT INTO t (a) VALUES (1);\nEND */;;\nDELIMITER ;\n-- it's INSERT INTO t (a) VALUES (2);\n/* INSERT INTO t (a) VALUES (3); */\nINSERT INTO t (a) SELECT 4;\nINSERT INTO other (a) VALUES ('x; INSERT INTO t (a) VALUES (5);');\nINSERT INTO t (a) VALUES (6) ON DUPLICATE KEY UPDATE a=(7);\n";
    assert_eq!(rows(text).len(), 1);
    assert!(rows(text)[0].ends_with(":10 6"));
}

#[test]
fn a_damaged_row_is_lost_alone() {
    let head = "/*!40101 SET NAMES utf8 */;\n";
    for (text, kept, lost) in [
        ("INSERT INTO t (a,b) VALUES ('1','2'),('3','4),('5','6'),('7','8');\n", 3, 1),
        (
            "INSERT INTO t (a,b) VALUES\n('1','2'),\n('3','4\n('5','6');\nINSERT INTO t (a,b) VALUES ('7','8');\n",
            3,
            1,
        ),
        ("INSERT INTO t (a,b) VALUES ('1','2'),(3),('5','6');\n", 2, 1),
        ("INSERT INTO t (a,b) VALUES ('1','2'),('3\n-- Table\nINSERT INTO t (a,b) VALUES ('7','8');\n", 2, 1),
        (
            "INSERT INTO other (a) VALUES ('open\nINSERT INTO t (a,b) VALUES ('7','8');                \n",
            1,
            0,
        ),
        ("INSERT INTO t (a,b) VALUES ('1','2'),('3'", 1, 1),
    ] {
        let text = format!("{head}{text}");
        let (told, _) = read(text.as_bytes(), 1 << 20);
        assert_eq!((told.rows.len(), told.lost.len()), (kept, lost), "{text}: {told:#?}");
        for piece in [1, 5, 40] {
            assert_eq!(read(text.as_bytes(), piece).0, told, "{text} in pieces of {piece}");
        }
    }
}

#[test]
fn a_row_of_any_length_costs_no_more_than_itself() {
    let text = format!(
        "/*!40101 SET NAMES utf8 */;\nINSERT INTO t (a) VALUES ('1'),('{}'),('3');\nINSERT INTO other (a) VALUES ('{}');\nINSERT INTO t (a) VALUES ('4');\n",
        "x".repeat(200_000),
        "y(".repeat(200_000)
    );
    let (told, others) = read(text.as_bytes(), 4_096);
    assert_eq!((told.rows.len(), others), (3, 1));
    assert_eq!(told.lost, [(1, Why::TooLong)]);
}

const PIECES: [&str; 24] = [
    "INSERT INTO `t` (`a`,`b`) VALUES ",
    "('x','y')",
    ",",
    ";\n",
    "'",
    "\"",
    "\\",
    "(",
    ")",
    "\n",
    "-- c\n",
    "/*",
    "*/",
    "/*!40101 SET NAMES utf8 */;\n",
    "COPY t (a, b) FROM stdin;\n",
    "1\t2\n",
    "\\.\n",
    "CREATE TABLE t (a int, b text);\n",
    "DELIMITER ;;\n",
    "DELIMITER ;\n",
    "$x$",
    "),(",
    "NULL",
    "INSERT INTO other VALUES ('a",
];

proptest! {
    #[test]
    fn any_cut_gives_the_same_rows(pieces in proptest::collection::vec(0_usize..PIECES.len(), 0..30), piece in 1_usize..40) {
        let text: String = pieces.iter().map(|&at| PIECES[at]).collect();
        let whole = read(text.as_bytes(), 1 << 20);
        prop_assert_eq!(read(text.as_bytes(), piece), whole);
    }

    #[test]
    fn any_bytes_are_walked_over(bytes: Vec<u8>, piece in 1_usize..40) {
        let after = [b"/*!40101 SET NAMES utf8 */;\nINSERT INTO t (a) VALUES (".as_slice(), &bytes].concat();
        for text in [&bytes, &after] {
            let whole = read(text, 1 << 20);
            prop_assert_eq!(read(text, piece), whole);
            let _ = looks_like_dump(text);
            prop_assert!(row_length(text) <= text.len());
        }
    }
}
