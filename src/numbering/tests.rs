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
fn mobiles_of_argentina_are_dialled_otherwise_at_home_than_from_abroad() {
    let site = Site::of("AR").unwrap();
    for (dialed, e164) in [
        ("0111523450388", "+5491123450388"),
        ("0341155123456", "+5493415123456"),
        ("0290115512345", "+5492901512345"),
        ("01143211234", "+541143211234"),
    ] {
        assert_eq!(read(&site, dialed.as_bytes()).e164.as_deref(), Some(e164), "{dialed}");
    }
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
