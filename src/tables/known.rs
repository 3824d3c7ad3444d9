//! The columns of tables that a dump fills without saying them (`mysqldump --no-create-info`).
//!
//! Orders are those of FreePBX and of the schemas that Asterisk ships; newer versions added columns at
//! the end, so that a row's width tells how far the list goes.

use super::columns::Column;

/// `cdr` of FreePBX, Elastix and Issabel: 16 columns at first, 26 now.
const CDR_PANEL: &str = "calldate clid src dst dcontext channel dstchannel lastapp lastdata duration billsec \
    disposition amaflags accountcode uniqueid userfield did recordingfile cnum cnam outbound_cnum outbound_cnam \
    dst_cnam linkedid peeraccount sequence";
/// `cdr` as the schemas that come with Asterisk create it.
const CDR_ASTERISK: &str = "accountcode src dst dcontext clid channel dstchannel lastapp lastdata start answer \
    end duration billsec disposition amaflags userfield uniqueid linkedid peeraccount sequence";
const CEL: &str = "id eventtype eventtime cid_name cid_num cid_ani cid_rdnis cid_dnid exten context channame \
    appname appdata amaflags accountcode uniqueid linkedid peer userdeftype extra userfield";
const SETTINGS: &str = "id keyword data flags";
const MANAGER: &str = "manager_id name secret deny permit read write writetimeout";

/// Returns whether the columns of a table of that name may be known.
pub(super) fn is_known(table: &str) -> bool {
    orders(table).is_some()
}

/// Returns the columns of a table whose row has `width` values, the first one being `first`.
pub(super) fn columns(table: &str, width: usize, first: Option<&[u8]>) -> Option<Vec<Column>> {
    let begins_with_date = first.is_some_and(|text| text.get(4) == Some(&b'-'));
    let order = match orders(table)? {
        [CDR_PANEL, CDR_ASTERISK] if !begins_with_date => CDR_ASTERISK,
        [first, _] => first,
    };
    let names: Vec<&str> = order.split_ascii_whitespace().collect();
    let least = if order == CDR_PANEL { 16 } else { names.len().saturating_sub(2) };
    let fits = (least..=names.len()).contains(&width);
    fits.then(|| names.into_iter().take(width).map(Column::named).collect())
}

fn orders(table: &str) -> Option<[&'static str; 2]> {
    Some(match table.to_ascii_lowercase().as_str() {
        "cdr" => [CDR_PANEL, CDR_ASTERISK],
        "cel" => [CEL, CEL],
        "sip" | "pjsip" | "iax" => [SETTINGS, SETTINGS],
        "manager" => [MANAGER, MANAGER],
        _ => return None,
    })
}
