use tolltrace::readers::*;
use std::collections::BTreeMap;
fn main(){
  for path in std::env::args().skip(1) {
    let bytes = std::fs::read(&path).unwrap();
    let (reader, note) = AsteriskLogReader::find(&bytes[..bytes.len().min(65536)], None, false);
    let mut chunk = Chunk::default(); chunk.bytes = bytes; chunk.sparse = std::env::var("SPARSE").is_ok();
    let t = std::time::Instant::now();
    reader.read(&mut chunk);
    let el = t.elapsed();
    let mut counts: BTreeMap<String,u64> = BTreeMap::new();
    for e in &chunk.entries { *counts.entry(format!("{:?} {}", e.action, e.reason)).or_default() += 1; 
      if std::env::var("SHOW").is_ok() {
        let t = |s| chunk.text(s).map(|b| String::from_utf8_lossy(b).into_owned());
        println!("{} {:?} {:?} acct={:?} num={:?} det={:?} sess={:?} chan={:?} ctx={:?} call={:?} {:?} {:?} {}", e.line+1, e.action, e.address, t(e.account), t(e.number), t(e.detail), t(e.session), t(e.channel), t(e.context), e.call, e.stamp.map(|s| (s.year,s.month,s.day,s.second)), e.exact, e.reason);
      } }
    println!("{path} {:?} records {} skipped {} note {note:?} entries {} in {:?} first {:?} last {:?}", reader, chunk.records, chunk.skipped.len(), chunk.entries.len(), el, chunk.first_stamp, chunk.last_stamp);
    println!("{counts:#?}");
  }
}
