//! The tables of numbering plans held against a phone-number library that others keep: a port of libphonenumber with
//! the data of its version 9.0.42, ours being derived from 9.0.33.
//!
//! Compared are every region, every area of the North American plan, every row of the table, the library's example of
//! every kind of number in every region with digits of it varied, and any digits of any length. Where the two differ
//! and ours stands, [`STANDING`] says why; a difference that it does not list fails the test, and so does a reason
//! that nothing needs any more.

use std::collections::{BTreeMap, BTreeSet};

use rlibphonenumber::{
    PHONE_NUMBER_UTIL as LIBRARY, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region,
};
use tolltrace::numbering::{Class, Site, plan, read_best};

/// What differs, of which region, and why ours stands.
const STANDING: &[(&str, &str, &str)] = &[
    ("region", "BL", "+590 is Guadeloupe's; its small neighbours have no range of their own"),
    ("region", "YT", "+262 is Reunion's; Mayotte's ranges lie between"),
    ("region", "CC", "+61 is Australia's; the islands share an area"),
    ("region", "CX", "+61 is Australia's; the islands share an area"),
    ("region", "GB", "a range of an island, of which the library knows some thousands only"),
    ("region", "CA", "310 is dialled within an area only, in seven digits"),
    ("class", "BB", "companies' numbers among ordinary ones, at the same price"),
    ("class", "BS", "companies' numbers among ordinary ones, at the same price"),
    ("class", "CA", "310 is dialled within an area only, in seven digits"),
    ("class", "CN", "companies' numbers of some towns among ordinary ones"),
    ("length", "DO", "an exchange that begins with 1, as none does in North America"),
    ("home", "DO", "an exchange that begins with 1, as none does in North America"),
    ("abroad", "CA", "310 is dialled within an area only, in seven digits"),
    ("length", "CA", "310 is dialled within an area only, in seven digits"),
    ("length", "SH", "five digits behind ranges of four"),
    ("possible", "ZW", "lengths of one kind of numbers, which the table takes for all"),
    ("home", "CA", "310 is dialled within an area only, in seven digits"),
    ("home", "DE", "no longer than an extension"),
    ("home", "FI", "no longer than an extension"),
    ("home", "GA", "seven digits of the plan before 2019, dialled like the eight of the new one"),
    ("home", "KI", "no longer than an extension"),
    ("home", "SH", "no longer than an extension"),
    ("home", "UY", "no longer than an extension"),
];

const KINDS: [PhoneNumberType; 11] = [
    PhoneNumberType::FixedLine,
    PhoneNumberType::Mobile,
    PhoneNumberType::FixedLineOrMobile,
    PhoneNumberType::TollFree,
    PhoneNumberType::PremiumRate,
    PhoneNumberType::SharedCost,
    PhoneNumberType::VoIP,
    PhoneNumberType::PersonalNumber,
    PhoneNumberType::Pager,
    PhoneNumberType::UAN,
    PhoneNumberType::VoiceMail,
];

/// Digits that look like chance and are the same in every run (xorshift, Marsaglia 2003).
struct Digits(u64);

impl Digits {
    fn take(&mut self, count: usize) -> String {
        let mut digit = || {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            char::from(b'0' + (self.0 % 10) as u8)
        };
        (0..count).map(|_| digit()).collect()
    }
}

/// How often both say the same, of how many; and where not.
#[derive(Default)]
struct Tally {
    same: BTreeMap<&'static str, (u64, u64)>,
    differing: BTreeMap<(&'static str, String), (u64, String)>,
}

impl Tally {
    fn note(&mut self, what: &'static str, region: &str, is_same: bool, example: &str) {
        let (same, all) = self.same.entry(what).or_default();
        (*same, *all) = (*same + u64::from(is_same), *all + 1);
        if !is_same {
            let (count, kept) = self.differing.entry((what, region.to_owned())).or_default();
            *count += 1;
            example.clone_into(kept);
        }
    }

    /// Fails where a difference has no reason, or a reason no difference; returns the agreement, per mille.
    fn settle(&self) -> BTreeMap<&'static str, u64> {
        let known = |(what, region): &(&str, String)| {
            STANDING.iter().any(|(known, of, _)| known == what && of == region)
        };
        let unknown: Vec<_> = self.differing.iter().filter(|(key, _)| !known(key)).collect();
        assert!(unknown.is_empty(), "differences without a reason: {unknown:#?}");
        let differing: BTreeSet<(&str, &str)> =
            self.differing.keys().map(|(what, region)| (*what, region.as_str())).collect();
        let idle: Vec<_> =
            STANDING.iter().filter(|(what, of, _)| !differing.contains(&(*what, *of))).collect();
        assert!(idle.is_empty(), "reasons that nothing needs: {idle:#?}");
        self.same.iter().map(|(what, (same, all))| (*what, same * 1_000 / all)).collect()
    }
}

fn e164(number: &PhoneNumber) -> String {
    number.format_as(PhoneNumberFormat::E164).into_owned()
}

fn digits_of(text: &str) -> String {
    text.chars().filter(|sign| sign.is_ascii_digit() || *sign == '+').collect()
}

fn region_of(number: &PhoneNumber) -> String {
    number.get_region_code().map(|region| region.to_string()).unwrap_or_default()
}

fn regions() -> Vec<Region> {
    let mut regions: Vec<Region> = LIBRARY.get_supported_regions().collect();
    regions.sort_by_key(ToString::to_string);
    regions
}

/// Returns whether both put a number into the same class. Toll-free numbers outside North America are ordinary ones
/// to the table, which says so.
fn is_same_class(ours: Class, theirs: PhoneNumberType) -> bool {
    match theirs {
        PhoneNumberType::PremiumRate => ours == Class::Premium,
        PhoneNumberType::SharedCost => ours == Class::SharedCost,
        PhoneNumberType::PersonalNumber => ours == Class::Personal,
        PhoneNumberType::UAN => ours == Class::Uan,
        PhoneNumberType::TollFree => matches!(ours, Class::Tollfree | Class::Geo),
        _ => ours == Class::Geo,
    }
}

/// The library's examples of every kind, some digits at their end varied, and any digits.
fn numbers(region: Region, digits: &mut Digits) -> Vec<PhoneNumber> {
    let code = LIBRARY.get_country_code_for_region(region).unwrap();
    let mut numbers = Vec::new();
    for kind in KINDS {
        let Ok(example) = LIBRARY.get_example_number_for_type_and_region(region, kind) else { continue };
        let whole = e164(&example);
        let least = 2 + code.to_string().len();
        for varied in (1..=4).filter(|varied| whole.len() > varied + least) {
            let texts = (0..6).map(|_| format!("{}{}", &whole[..whole.len() - varied], digits.take(varied)));
            numbers.extend(texts.filter_map(|text| LIBRARY.parse(&text, None).ok()));
        }
        numbers.push(example);
    }
    for length in 4..=13 {
        let texts = (0..40).map(|_| format!("+{code}{}", digits.take(length)));
        numbers.extend(texts.filter_map(|text| LIBRARY.parse(&text, None).ok()));
    }
    numbers
}

fn compare(number: &PhoneNumber, region: &str, tally: &mut Tally) {
    let text = e164(number);
    let found = plan().lookup(&text.as_bytes()[1..]);
    if !number.is_valid() {
        if !LIBRARY.is_possible_number(number) {
            tally.note("possible", region, !found.is_some_and(|found| found.fits), &text);
        }
        return;
    }
    let theirs = region_of(number);
    tally.note("found", &theirs, found.is_some(), &text);
    let Some(found) = found else { return };
    tally.note("length", &theirs, found.fits, &text);
    tally.note("region", &theirs, found.region.code == theirs, &text);
    tally.note("class", &theirs, is_same_class(found.class, number.get_type()), &text);
    if text.len().is_multiple_of(3) {
        dial(number, &theirs, &text, tally);
    }
}

/// Reads a number as it is dialled at home and in another country.
fn dial(number: &PhoneNumber, region: &str, text: &str, tally: &mut Tally) {
    let home = digits_of(&number.format_as(PhoneNumberFormat::National));
    let reading = read_best(&Site::of(region).unwrap(), home.as_bytes());
    let example = format!("{home} is {:?}, not {text}", reading.e164);
    tally.note("home", region, reading.e164.as_deref() == Some(text), &example);
    let elsewhere = ["US", "GB", "DE", "AU", "JP", "FR", "IT", "RU"];
    let code = |region: &str| plan().region(region).map(|region| region.country_code);
    let others: Vec<&str> = elsewhere.into_iter().filter(|other| code(other) != code(region)).collect();
    let from = others[text.bytes().map(usize::from).sum::<usize>() % others.len()];
    let abroad = digits_of(&number.format_out_of_country_calling_number(from.parse().unwrap()));
    let reading = read_best(&Site::of(from).unwrap(), abroad.as_bytes());
    let example = format!("{abroad} in {from} is {:?}, not {text}", reading.e164);
    tally.note("abroad", region, reading.e164.as_deref() == Some(text), &example);
}

#[test]
fn numbers_of_every_region_are_read_as_a_library_reads_them() {
    let (mut digits, mut tally) = (Digits(0x9e37_79b9_7f4a_7c15), Tally::default());
    let regions = regions();
    assert_eq!(regions.len(), 245);
    for region in regions {
        let name = region.to_string();
        let code = LIBRARY.get_country_code_for_region(region).map(|code| code.to_string());
        assert_eq!(plan().region(&name).map(|region| region.country_code.to_owned()), code, "{name}");
        for number in numbers(region, &mut digits) {
            compare(&number, &name, &mut tally);
        }
    }
    eprintln!("agreement: {:?}", tally.same);
    let agreement = tally.settle();
    for (what, least) in [
        ("found", 1_000),
        ("length", 998),
        ("region", 990),
        ("class", 997),
        ("possible", 999),
        ("home", 990),
        ("abroad", 999),
    ] {
        assert!(agreement[what] >= least, "{what}: {} per mille of {:?}", agreement[what], tally.same[what]);
    }
}

/// An area of the Caribbean that is taken for one at home, or the other way round, changes what a call cost.
#[test]
fn every_area_of_the_north_american_plan_lies_where_a_library_has_it() {
    for area in 200..1_000 {
        let text = format!("+1{area}2345678");
        let number = LIBRARY.parse(&text, None).unwrap();
        if number.is_valid() {
            let found = plan().lookup(&text.as_bytes()[1..]).unwrap();
            assert_eq!(found.region.code, region_of(&number), "{area}");
            assert!(is_same_class(found.class, number.get_type()), "{area}: {:?}", found.class);
        }
    }
}

/// A row that says more than the plan does blames ordinary calls: each is tried with any digits behind it.
#[test]
fn no_row_of_the_table_makes_ordinary_numbers_dear() {
    let mut digits = Digits(0x2545_f491_4f6c_dd1d);
    let mut wrong: BTreeMap<&str, String> = BTreeMap::new();
    let mut tried = 0_u32;
    for range in plan().ranges.iter().filter(|range| range.class != Class::Geo) {
        for length in (range.prefix.len() + 1).max(7)..=14 {
            for _ in 0..30 {
                let text = format!("+{}{}", range.prefix, digits.take(length - range.prefix.len()));
                let Ok(number) = LIBRARY.parse(&text, None) else { continue };
                let found = plan().lookup(&text.as_bytes()[1..]).unwrap();
                let is_here = found.prefix == range.prefix && found.region.country().is_some();
                if is_here && number.is_valid() && e164(&number) == text {
                    tried += 1;
                    if !is_same_class(found.class, number.get_type()) {
                        wrong.insert(
                            range.prefix,
                            format!("{text} is {:?} to the library", number.get_type()),
                        );
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried > 10_000, "{tried}");
}
