//! A log and call records of a busy office, made anew from a fixed seed, so that every machine
//! measures the same bytes: dialplan steps in nine lines of ten, a few registrations, and a guesser.

/// A small generator of pseudo-random numbers (a 64-bit linear congruence, Knuth's constants).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn stamp(second: u64) -> String {
    format!(
        "2026-03-{:02} {:02}:{:02}:{:02}",
        2 + second / 86_400,
        second / 3_600 % 24,
        second / 60 % 60,
        second % 60
    )
}

/// Makes a log of about `bytes` bytes.
pub(crate) fn log(bytes: usize) -> Vec<u8> {
    let mut dice = Dice(42);
    let mut text = String::with_capacity(bytes + 4_096);
    let (mut call, mut second) = (1u64, 0u64);
    while text.len() < bytes {
        second = (second + dice.roll(3)) % (20 * 86_400);
        match dice.roll(6) {
            0 => guess(&mut text, second, &mut dice),
            1 => honest_registration(&mut text, second, &mut dice),
            _ => dialled(&mut text, second, call, &mut dice),
        }
        call += 1;
    }
    text.into_bytes()
}

fn dialled(text: &mut String, second: u64, call: u64, dice: &mut Dice) {
    let (from, to) = (100 + dice.roll(60), 5_550_000 + dice.roll(9_999));
    let head = format!("[{}] VERBOSE[2101][C-{call:08x}]", stamp(second));
    let channel = format!("PJSIP/{from}-{call:08x}");
    text.push_str(&format!(
        "{head} pbx.c: Executing [{to}@from-internal:1] Gosub(\"{channel}\", \"sub-record\") in new stack\n"
    ));
    for step in 1..22 {
        text.push_str(&format!(
            "{head} pbx.c: Executing [s@macro-dialout-trunk:{step}] Set(\"{channel}\", \"OUTNUM={to}\") in new stack\n"
        ));
    }
    text.push_str(&format!("{head} app_dial.c: Called PJSIP/{to}@carrier\n"));
    text.push_str(&format!("{head} app_dial.c: PJSIP/carrier-{:08x} answered {channel}\n", call + 1));
}

fn guess(text: &mut String, second: u64, dice: &mut Dice) {
    let name = 100 + dice.roll(900);
    text.push_str(&format!(
        "[{}] NOTICE[2050] res_pjsip/pjsip_distributor.c: Request 'REGISTER' from '<sip:{name}@192.0.2.1>' failed for \
         '203.0.113.9:5060' (callid: {:016x}) - Failed to authenticate\n",
        stamp(second),
        dice.roll(u64::MAX)
    ));
}

fn honest_registration(text: &mut String, second: u64, dice: &mut Dice) {
    let name = 100 + dice.roll(60);
    text.push_str(&format!(
        "[{}] VERBOSE[2050] res_pjsip_registrar.c: Added contact 'sip:{name}@10.0.0.{name}:5060' to AOR '{name}' with \
         expiration of 3600 seconds\n",
        stamp(second)
    ));
}

/// Makes `rows` call records.
pub(crate) fn call_records(rows: usize) -> Vec<u8> {
    let mut dice = Dice(7);
    let mut text = String::new();
    for row in 0..rows as u64 {
        let (from, to) = (100 + dice.roll(60), 5_550_000 + dice.roll(9_999));
        let (start, end) = (stamp(row * 7), stamp(row * 7 + 60));
        text.push_str(&format!(
            "\"\",\"{from}\",\"{to}\",\"from-internal\",\"\"\"Desk\"\" <{from}>\",\"PJSIP/{from}-{row:08x}\",\
             \"PJSIP/carrier-{row:08x}\",\"Dial\",\"PJSIP/{to}@carrier,60\",\"{start}\",\"{start}\",\"{end}\",60,60,\
             \"ANSWERED\",\"DOCUMENTATION\",\"{}.{row}\",\"\"\n",
            1_772_409_600 + row * 7
        ));
    }
    text.into_bytes()
}

/// Makes `rows` call records as `mysqldump` writes them, in statements of about a megabyte.
pub(crate) fn sql_dump(rows: usize) -> Vec<u8> {
    const ROWS_OF_ONE: u64 = 4_000;
    let mut dice = Dice(11);
    let mut text = String::from("-- MySQL dump 10.13  Distrib 8.0.31\n");
    for row in 0..rows as u64 {
        let (from, to) = (100 + dice.roll(60), 5_550_000 + dice.roll(9_999));
        let start = stamp(row * 7);
        let before = if row % ROWS_OF_ONE == 0 { "INSERT INTO `cdr` VALUES " } else { "," };
        text.push_str(&format!(
            "{before}('{start}','\\\"Desk\\\" <{from}>','{from}','{to}','from-internal','PJSIP/{from}-{row:08x}',\
             'PJSIP/carrier-{row:08x}','Dial','PJSIP/{to}@carrier,60',60,60,'ANSWERED',3,'','{id}.{row}','','','',\
             '{from}','Desk','','','','{id}.{row}','',{row})",
            id = 1_772_409_600 + row * 7
        ));
        if row % ROWS_OF_ONE == ROWS_OF_ONE - 1 || row + 1 == rows as u64 {
            text.push_str(";\n");
        }
    }
    text.into_bytes()
}
