//! The golden vectors, and what must hold for any digits.

use proptest::prelude::*;

use super::*;

fn us() -> Site {
    Site::of("US").unwrap().with_outside("9").with_area("212")
}

#[test]
fn the_golden_vectors() {
    let mut rows =
        csv::Reader::from_reader(include_bytes!("../../testdata/numbers/dial_vectors.csv").as_slice());
    let mut count = 0;
    for row in rows.records() {
        let row = row.unwrap();
        let cell = |index: usize| row.get(index).unwrap();
        let site = Site::of(cell(0)).unwrap().with_outside(cell(1)).with_area(cell(2));
        let site = site.with_extensions(["101".to_owned()]);
        let reading = read(&site, cell(3).as_bytes());
        let told = (reading.e164.as_deref().unwrap_or(""), reading.kind.word(), reading.confidence.word());
        assert_eq!(told, (cell(4), cell(5), cell(6)), "{row:?} {reading:?}");
        count += 1;
    }
    assert_eq!(count, 51);
}

#[test]
fn other_readings_are_kept() {
    let reading = read(&Site::of("DE").unwrap().with_outside("0"), b"00252600000001");
    let others: Vec<_> = reading.alternatives.iter().map(|other| other.e164.as_deref().unwrap()).collect();
    assert_eq!(others, ["+49252600000001"]);
    let reading = read(&Site::of("US").unwrap(), b"9011252600000001");
    assert_eq!(reading.alternatives[0].e164.as_deref(), Some("+252600000001"));
    assert!(reading.alternatives[0].how.starts_with("outside line 9"));
    let reading = read(&us(), b"252600000001");
    assert_eq!(reading.alternatives[0].how.split(';').next(), Some("a country code without +"));
}

#[test]
fn a_number_that_its_plan_does_not_have_is_kept_and_said() {
    let reading = read(&us(), b"0112526");
    assert_eq!((reading.kind, reading.e164), (Kind::Unknown, None));
    let reading = read(&us(), b"01125260000000012");
    assert_eq!((reading.kind, reading.e164.as_deref()), (Kind::InvalidForPlan, Some("+25260000000012")));
    assert_eq!(reading.country(), Some("SO"));
    assert_eq!(read(&us(), b"+999123456789").kind, Kind::InvalidForPlan);
}

#[test]
fn emergency_numbers_stay_emergency_numbers_unless_a_phone_has_them() {
    let armenia = Site::of("AM").unwrap();
    assert_eq!(read(&armenia, b"101").kind, Kind::Emergency);
    let reading = read(&armenia.with_extensions(["101".to_owned()]), b"101");
    assert_eq!((reading.kind, reading.alternatives[0].kind), (Kind::Internal, Kind::Emergency));
}

fn routed(site: &Site, dialled: &str, sent: &str) -> Reading {
    let route = Route::between(dialled, sent);
    assert!(sent.ends_with(&dialled[route.strip..]), "{route:?}");
    BehindRoutes::new(site).read(dialled.as_bytes(), &route)
}

#[test]
fn a_known_route_decides() {
    let told = |site: &Site, dialled: &str, sent: &str| routed(site, dialled, sent).e164.unwrap_or_default();
    let germany = Site::of("DE").unwrap().with_outside("0");
    assert_eq!(read(&germany, b"00252600000001").confidence, Confidence::Ambiguous);
    assert_eq!(told(&germany, "00252600000001", "0252600000001"), "+49252600000001");
    assert_eq!(told(&germany, "00252600000001", "00252600000001"), "+252600000001");
    // A prefix of four digits that no rule of dialling tells.
    assert_eq!(told(&us(), "8888252600000001", "011252600000001"), "+252600000001");
    assert_eq!(told(&us(), "8888252600000001", "252600000001"), "+252600000001");
    // Ten digits that are a number at home as well.
    assert_eq!(told(&us(), "90113725551234", "3725551234"), "+3725551234");
    assert_eq!(told(&us(), "92125550100", "2125550100"), "+12125550100");
    assert_eq!(routed(&us(), "9911", "911").kind, Kind::Emergency);
    assert_eq!(
        routed(&us(), "92125550100", "12125550100").steps[0],
        "its route takes 9 off and puts 1 in front"
    );
}

#[test]
fn what_only_the_carrier_understands_leaves_what_was_dialled() {
    let reading = routed(&us(), "9011252600000001", "77#011252600000001");
    assert_eq!(reading.e164.as_deref(), Some("+252600000001"));
    let reading = routed(&us(), "9011252600000001", "0007011252600000001");
    assert_eq!(
        (reading.e164.as_deref(), reading.steps[0].as_str()),
        (Some("+252600000001"), "outside line 9")
    );
    let too_short = Route { strip: 40, prepend: String::new() };
    assert_eq!(BehindRoutes::new(&us()).read(b"911", &too_short).kind, Kind::Emergency);
}

#[test]
fn a_carriers_record_needs_no_plus() {
    let carrier = Site::of("US").unwrap().with_plain_e164();
    let told = |raw: &[u8]| read(&carrier, raw).e164;
    assert_eq!(told(b"252600000001").as_deref(), Some("+252600000001"));
    assert_eq!(told(b"13035550120").as_deref(), Some("+13035550120"));
    assert_eq!(told(b"011442075550272").as_deref(), Some("+442075550272"));
    assert_eq!(told(b"+442075550272").as_deref(), Some("+442075550272"));
}

#[test]
fn the_longest_prefix_that_holds_for_the_length_tells() {
    let class = |digits: &str| plan().lookup(digits.as_bytes()).map(|found| (found.region.code, found.class));
    assert_eq!(class("18765550100"), Some(("JM", Class::Geo)));
    assert_eq!(class("881612345678"), Some(("001", Class::Satellite)));
    assert_eq!(class("88216123456"), Some(("001", Class::Satellite)));
    assert_eq!(class("882341234567"), Some(("001", Class::IntlNetwork)));
    assert_eq!(class("37190123456"), Some(("LV", Class::Premium)));
    assert_eq!(class("376180123"), Some(("AD", Class::Premium)));
    assert_eq!(class("3761801234").map(|found| found.1), Some(Class::Geo));
    assert_eq!(class("447012345678"), Some(("GB", Class::Personal)));
    assert_eq!(class("972591234567").map(|found| found.0), Some("IL"));
    assert_eq!(class("210123456"), None);
    assert!(plan().lookup(b"7101234567").is_some_and(|found| found.region.code == "RU" && !found.fits));
    assert_eq!(plan().regions.iter().filter(|region| region.country().is_some()).count(), 245);
    assert_eq!(plan().ranges.len(), 1069);
    assert_eq!(plan().region_of_zone("America/Denver").map(|region| region.code), Some("US"));
}

proptest! {
    #[test]
    fn what_no_rule_applies_to_is_no_number_of_the_country(
        region in 0usize..250,
        dialed in "[+*]?(00|011|0|1|8|9)?[0-9]{6,13}",
    ) {
        let region = &plan().regions[region % plan().regions.len()];
        let site = Site::new(Some(region));
        let reading = read_best(&site, dialed.as_bytes());
        let is_own = reading.region.is_some_and(|found| found.code == region.code);
        let is_by_rules = reading.confidence <= Confidence::High && reading.kind != Kind::InvalidForPlan;
        prop_assert!(candidate::may_be_own(&site, &dialed) || !(is_own && is_by_rules), "{} {reading:?}", region.code);
    }

    #[test]
    fn the_best_reading_is_that_of_all(home in prop::sample::select(vec!["US", "DE", "IT", "CO"]), dialed in "[0-9+*]{1,16}") {
        let site = Site::of(home).unwrap().with_outside("9");
        let (all, best) = (read(&site, dialed.as_bytes()), read_best(&site, dialed.as_bytes()));
        prop_assert_eq!((all.e164, all.kind, all.confidence, all.steps), (best.e164, best.kind, best.confidence, best.steps));
        prop_assert!(best.alternatives.len() <= all.alternatives.len());
    }

    #[test]
    fn any_bytes_have_a_reading(raw in prop::collection::vec(any::<u8>(), 0..80)) {
        read(&us(), &raw);
        read(&Site::new(None), &raw);
    }

    #[test]
    fn a_reading_is_e164(home in 0usize..254, digits in "[+*#]?[0-9]{1,20}", outside in "[0-9]?") {
        let site = Site::new(plan().regions.get(home)).with_outside(&outside);
        let reading = read(&site, digits.as_bytes());
        for e164 in reading.e164.iter().chain(reading.alternatives.iter().filter_map(|other| other.e164.as_ref())) {
            prop_assert!(e164.len() <= 16 && e164.starts_with('+'), "{e164}");
            prop_assert!(e164[1..].bytes().all(|byte| byte.is_ascii_digit()));
        }
    }
}

/// Numbers made with libphonenumber's Python port, version 9.0.43: examples of every region and kind with
/// variations, as dialled at home and from another country. The table is derived from 9.0.33.
#[test]
fn agreement_with_a_phone_number_library() {
    let file = include_bytes!("../../testdata/numbers/library_examples.csv");
    let mut rows = csv::Reader::from_reader(file.as_slice());
    let (mut all, mut class, mut home, mut abroad, mut abroad_all) = (0u32, 0u32, 0u32, 0u32, 0u32);
    for row in rows.records() {
        let row = row.unwrap();
        let cell = |index: usize| row.get(index).unwrap();
        let e164 = cell(2);
        all += 1;
        let found = plan().lookup(&e164.as_bytes()[1..]);
        let region = plan().region(cell(0)).unwrap();
        // Toll-free numbers outside North America are ordinary ones to the table, which says so.
        let is_class = |found: Found<'_>| {
            found.class.word() == cell(1) || (cell(1) == "tollfree" && found.class == Class::Geo)
        };
        class += u32::from(found.is_some_and(|found| {
            found.fits && found.region.country_code == region.country_code && is_class(found)
        }));
        let reading = read(&Site::new(Some(region)), cell(3).as_bytes());
        home += u32::from(reading.e164.as_deref() == Some(e164));
        if !cell(5).is_empty() {
            abroad_all += 1;
            let reading = read(&Site::of(cell(4)).unwrap(), cell(5).as_bytes());
            abroad += u32::from(reading.e164.as_deref() == Some(e164));
        }
    }
    let share = |part: u32, whole: u32| part * 1000 / whole;
    let agreement = [share(class, all), share(home, all), share(abroad, abroad_all)];
    assert!(
        agreement[0] >= 995 && agreement[1] >= 990 && agreement[2] >= 995,
        "per mille of {all}: class and length {}, dialled at home {}, dialled from abroad {}",
        agreement[0],
        agreement[1],
        agreement[2]
    );
    println!("{agreement:?} of {all}");
}
