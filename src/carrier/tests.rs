use std::io::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::event::Instant;
use crate::money::Amount;

/// Writes a file and reads it as a carrier's.
fn read_bytes(bytes: &[u8], zone: Option<&str>, map: Option<&str>) -> Result<CarrierFile, CarrierError> {
    let scratch = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = scratch.path().join(name);
        std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
        path
    };
    let options = CarrierOptions {
        files: vec![write("records", bytes)],
        map: map.map(|text| write("map.toml", text.as_bytes())),
        zone: zone.map(str::to_owned),
    };
    read(&options).map(|files| files.into_iter().next().unwrap())
}

const VITELITY: &str = "date,source,destination,seconds,callerid,disposition,cost\n\
    2026-11-13 19:11:07,pbx,011252600000001,1783,5125550100,ANSWERED,16.3900\n";

const MAP: &str = "carrier = \"Home\"\nzone = \"Europe/Berlin\"\ndecimal = \",\"\ndate = \"day-first\"\nunit = \"clock\"\n\
    currency = \"EUR\"\n[columns]\nto = \"Ziel\"\nfrom = \"Quelle\"\nstart = \"Beginn\"\nseconds = \"Dauer\"\ncost = \"Betrag\"\n";

const HOME: &str =
    "Beginn;Quelle;Ziel;Dauer;Betrag\n14.11.2026 03:11:07;+493012345678;00252600000001;00:29:43;16,39\n";

/// Every layout's sample tells the same call.
#[test]
fn every_layout_reads_to_the_same_call() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/fraud/carrier_samples");
    if !folder.exists() {
        eprintln!("passed over: {} is not there", folder.display());
        return;
    }
    // The zone that each sample was made in, where its layout cannot know it.
    let zones = [
        ("didlogic.csv", "UTC"),
        ("simwood.csv", "Europe/London"),
        ("vitelity.csv", "America/Denver"),
        ("voip_innovations.csv", "UTC"),
        ("voipms.json", "-05:00"),
    ];
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "README.md" {
            continue;
        }
        let zone = zones.iter().find(|(file, _)| *file == name).map(|(_, zone)| (*zone).to_owned());
        let asked = read(&CarrierOptions { files: vec![path.clone()], ..CarrierOptions::default() });
        assert_eq!(matches!(asked, Err(CarrierError::ZoneAsked { .. })), zone.is_some(), "{name}: {asked:?}");
        let files = read(&CarrierOptions { files: vec![path], zone, map: None });
        let file = files.unwrap_or_else(|error| panic!("{name}: {error}")).remove(0);
        assert!(file.unread.is_empty(), "{name}: {:?}", file.unread);
        let [call] = file.calls.as_slice() else { panic!("{name}: {} calls", file.calls.len()) };
        assert_eq!((call.to_number, call.from_number), (252_600_000_001, 15_125_550_100), "{name}");
        let begin = Instant::from_seconds(1_794_622_267);
        let answer = call.answer.or(call.start).unwrap();
        assert_eq!(answer, begin, "{name}: {call:?}");
        if let Some(end) = call.end {
            assert_eq!(end, begin.plus_seconds(1_783), "{name}");
        }
        assert!(matches!(call.seconds, None | Some(1_783)), "{name}: {call:?}");
        assert!(matches!(call.seconds_billed(), Some(1_783 | 1_788 | 1_800)), "{name}: {call:?}");
        assert!(call.is_answered, "{name}");
        let cost = call.cost.unwrap();
        assert!(cost > Amount::parse("13").unwrap() && cost < Amount::parse("17").unwrap(), "{name}: {cost}");
        let currency = call.currency.as_deref();
        assert_eq!(currency.is_none(), name == "twilio_console.csv", "{name}: only that one tells none");
        seen += 1;
    }
    assert_eq!(seen, 13);
}

#[test]
fn a_users_map_says_zone_mark_order_and_unit() {
    let file = read_bytes(HOME.as_bytes(), None, Some(MAP)).unwrap();
    let call = &file.calls[0];
    assert_eq!((call.to_number, call.seconds), (252_600_000_001, Some(1_783)));
    assert_eq!(call.start, Some(Instant::from_seconds(1_794_622_267)));
    assert_eq!(call.cost.unwrap().to_string(), "16.39");
    assert_eq!((file.carrier.as_str(), call.line, call.row), ("Home", 2, 1));
    assert_eq!(&*call.text, HOME.lines().nth(1).unwrap().as_bytes());
}

#[test]
fn encodings_separators_and_packings_are_all_one() {
    let plain = read_bytes(VITELITY.as_bytes(), Some("America/Denver"), None).unwrap().calls.remove(0);
    let marked = [b"\xef\xbb\xbf".as_slice(), VITELITY.as_bytes()].concat();
    let wide: Vec<u8> =
        std::iter::once(0xfeff).chain(VITELITY.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(VITELITY.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let semicolons = VITELITY.replace(',', ";").replace('\n', "\r\n").into_bytes();
    let upper = VITELITY.replace("callerid", "Caller ID").replace("date", " DATE ").into_bytes();
    let wide_big: Vec<u8> =
        std::iter::once(0xfeff).chain(VITELITY.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for bytes in [marked, wide, wide_big, packed, semicolons, upper] {
        let file = read_bytes(&bytes, Some("America/Denver"), None).unwrap();
        let call = &file.calls[0];
        assert_eq!((call.to_number, call.start, call.cost), (plain.to_number, plain.start, plain.cost));
    }
}

#[test]
fn bad_rows_are_counted_and_located() {
    let mut text = VITELITY.to_owned();
    text.push_str("2026-11-13 19:12:07,pbx,011252600000001,1783,5125550100\n");
    text.push_str("2026-11-13 19:13:07,pbx,011252600000001,-5,5125550100,ANSWERED,16.39\n");
    text.push_str("yesterday,pbx,011252600000001,1783,5125550100,ANSWERED,16.39\n");
    text.push_str("2026-11-13 19:11:07,pbx,011252600000001,1783,5125550100,ANSWERED,12EUR\n");
    text.push_str("Total,,,,,,16.39\n");
    text.push_str(&format!("2026-11-13 19:15:07,pbx,\"011{},1,5,ANSWERED,1\n", "2".repeat(100_000)));
    let file = read_bytes(text.as_bytes(), Some("UTC"), None).unwrap();
    assert_eq!(file.calls.len(), 1);
    let lines: Vec<u64> = file.unread.values().flat_map(|(_, lines)| lines.clone()).collect();
    assert_eq!(lines.iter().collect::<std::collections::BTreeSet<_>>().len(), 6, "{:?}", file.unread);
    assert_eq!(file.unread.values().map(|(count, _)| count).sum::<u64>(), 6);
}

#[test]
fn a_wrong_column_is_an_error_that_names_it() {
    let error = |bytes: &str, zone: Option<&str>, map: Option<&str>| {
        read_bytes(bytes.as_bytes(), zone, map).unwrap_err().to_string()
    };
    assert!(error(VITELITY, None, None).contains("Vitelity do not say which zone"));
    assert!(error(VITELITY, Some("Mars"), None).contains("--carrier-tz Mars"));
    let unknown = error("a,b,c\n1,2,3\n", None, None);
    assert!(unknown.contains("no known layout") && unknown.contains("a, b, c"), "{unknown}");
    let near = error(&VITELITY.replace("cost", "price"), Some("UTC"), None);
    assert!(near.contains("nearest is that of Vitelity, which has \"cost\" as well"), "{near}");
    let twice = error(&VITELITY.replace("callerid", "Source"), Some("UTC"), None);
    assert!(twice.contains("no known layout") || twice.contains("are both"), "{twice}");
    let twice = error(
        &VITELITY.replace("date,source", "date,Cost"),
        Some("UTC"),
        Some(&MAP.replace("Betrag", "cost")),
    );
    assert!(twice.contains("map.toml:8") && twice.contains("Ziel"), "{twice}");
    let twice = error(&HOME.replace("Quelle", "ziel"), None, Some(&MAP.replace("from = \"Quelle\"\n", "")));
    assert!(twice.contains("\"ziel\" and \"Ziel\" are both `to`"), "{twice}");
    let wrong = error(HOME, None, Some(&MAP.replace("Betrag", "Quelle")));
    assert!(wrong.contains("\"Quelle\", taken for `cost`") && wrong.contains("+493012345678"), "{wrong}");
    let wrong = error(HOME, None, Some(&MAP.replace("day-first", "month-first")));
    assert!(wrong.contains("taken for `start`"), "{wrong}");
    let wrong = error(HOME, None, Some(&MAP.replace("unit = \"clock\"", "unit = \"hours\"")));
    assert!(wrong.contains("map.toml:5"), "{wrong}");
    assert!(error("", None, None).contains("no table"));
    assert!(error("[1,2,", None, None).contains("no table"));
}

#[test]
fn a_json_document_may_be_cut_off() {
    let one = r#"{"call_id":"1","from":"+15125550100","to":"+252600000001","date_start":"2026-11-14T02:11:07+0000","date_end":"2026-11-14T02:40:50+0000","duration":"1783","price":"0.51","total_price":"15.1555","currency":"EUR","direction":"outbound","network_name":"x","status_description":"OK"}"#;
    let lines = format!("{one}\n{one}\n{}", &one[..40]);
    let file = read_bytes(lines.as_bytes(), None, None).unwrap();
    assert_eq!(file.calls.len(), 2);
    assert_eq!(file.calls[0].currency.as_deref(), Some("EUR"));
    let list = format!("[{one},7,{one}]");
    let file = read_bytes(list.as_bytes(), None, None).unwrap();
    assert_eq!((file.calls.len(), file.unread.len()), (2, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_bytes_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), cut in 0..VITELITY.len()) {
        let _ = read_bytes(&bytes, Some("UTC"), Some(MAP));
        let mixed = [&VITELITY.as_bytes()[..cut], bytes.as_slice()].concat();
        let _ = read_bytes(&mixed, Some("UTC"), None);
    }
}
