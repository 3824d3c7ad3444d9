//! Which column of a file of `mod_cdr_csv` is which.
//!
//! There is no header: columns are what a template of `cdr_csv.conf.xml` lists, by variables. The shipped
//! templates are the same from 1.4 to 1.11; others come from the evidence's own configuration.

use super::head::is_uuid;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    CallerName,
    CallerNumber,
    Destination,
    Context,
    Start,
    Answer,
    End,
    Duration,
    Billsec,
    Cause,
    Uuid,
    CalledUuid,
    AccountCode,
    Address,
    LastApp,
    LastArgument,
    /// Something that no question is asked about.
    Other,
}

impl Column {
    /// Tells a column from the variable that its template names.
    pub(super) fn of(variable: &str) -> Self {
        match variable {
            "caller_id_name" => Column::CallerName,
            "caller_id_number" | "ani" => Column::CallerNumber,
            "destination_number" => Column::Destination,
            "context" => Column::Context,
            "start_stamp" => Column::Start,
            "answer_stamp" => Column::Answer,
            "end_stamp" => Column::End,
            "duration" => Column::Duration,
            "billsec" => Column::Billsec,
            "hangup_cause" => Column::Cause,
            "uuid" => Column::Uuid,
            "bleg_uuid" | "bridge_uuid" | "signal_bond" => Column::CalledUuid,
            "accountcode" | "account_code" => Column::AccountCode,
            "network_addr" | "sip_network_ip" | "sip_received_ip" => Column::Address,
            "last_app" => Column::LastApp,
            "last_arg" => Column::LastArgument,
            _ => Column::Other,
        }
    }
}

/// The shipped templates, by their variables.
const SHIPPED: [&str; 7] = [
    "caller_id_name caller_id_number destination_number context start_stamp answer_stamp end_stamp duration billsec hangup_cause uuid bleg_uuid accountcode read_codec write_codec",
    "caller_id_name caller_id_number destination_number context start_stamp answer_stamp end_stamp duration billsec hangup_cause uuid bleg_uuid accountcode",
    "caller_id_name caller_id_number destination_number context start_stamp answer_stamp end_stamp duration billsec hangup_cause uuid bleg_uuid accountcode read_codec write_codec sip_user_agent call_clientcode sip_rtp_rxstat sip_rtp_txstat sofia_record_file",
    "caller_id_name caller_id_number destination_number context start_stamp answer_stamp end_stamp duration billsec hangup_cause uuid bleg_uuid accountcode read_codec write_codec sip_user_agent sip_p_rtp_stat",
    "accountcode caller_id_number destination_number context caller_id channel_name bridge_channel last_app last_arg start_stamp answer_stamp end_stamp duration billsec hangup_cause amaflags uuid userfield",
    "uuid signal_bond direction ani destination_number answer_stamp end_stamp billsec accountcode userfield network_addr original_caller_id_name sip_gateway_name",
    // The built-in one, where the template that the configuration names is missing.
    "accountcode caller_id_number destination_number context caller_id channel_name bridge_channel last_app last_arg start_stamp answer_stamp end_stamp duration billsec hangup_cause amaflags uuid",
];

/// The columns of a file, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Column>);

impl Template {
    /// Finds the template that most of the sample rows were written by; `own` are those of the
    /// configuration.
    pub(super) fn find(rows: &[Vec<&[u8]>], own: &[Vec<String>]) -> Option<Self> {
        let own = own.iter().map(|names| Template(names.iter().map(|name| Column::of(name)).collect()));
        let shipped =
            SHIPPED.iter().map(|names| Template(names.split(' ').map(Column::of).collect::<Vec<_>>()));
        let counted = own.chain(shipped).map(|template| {
            let fitting = rows.iter().filter(|row| template.fits(row)).count();
            (fitting, template)
        });
        // Of equals the first: what the configuration lists.
        let best = counted.reduce(|best, next| if next.0 > best.0 { next } else { best });
        // A caller's line ends make several lines of one row, and a hostile day makes many such rows.
        best.filter(|(fitting, _)| *fitting > 0 && fitting * 4 >= rows.len()).map(|(_, template)| template)
    }

    /// Returns how many columns there are.
    pub(super) fn width(&self) -> usize {
        self.0.len()
    }

    /// Returns the columns in order.
    pub(super) fn columns(&self) -> &[Column] {
        &self.0
    }

    /// Returns where a column stands.
    pub(super) fn place(&self, column: Column) -> Option<usize> {
        self.0.iter().position(|known| *known == column)
    }

    /// Returns whether a row holds in each column what belongs there.
    pub(super) fn fits(&self, row: &[&[u8]]) -> bool {
        let has_id = self.place(Column::Uuid).is_some() && self.place(Column::End).is_some();
        has_id
            && row.len() == self.width()
            && self.0.iter().zip(row).all(|(column, text)| match column {
                Column::Start | Column::End => is_stamp(text),
                Column::Answer => text.is_empty() || is_stamp(text),
                Column::Duration | Column::Billsec => !text.is_empty() && text.iter().all(u8::is_ascii_digit),
                Column::Cause => {
                    !text.is_empty() && text.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
                }
                Column::Uuid => is_uuid(text),
                Column::CalledUuid => text.is_empty() || is_uuid(text),
                _ => true,
            })
    }

    /// Puts a row right that has too many columns: nothing in it is escaped, so that a caller's name may have
    /// taken several. From the first stamp on the columns are the server's own.
    pub(super) fn mended<'a>(&self, row: &[&'a [u8]]) -> Option<Vec<&'a [u8]>> {
        let anchor = self.0.iter().position(|column| matches!(column, Column::Start | Column::Answer))?;
        let excess = row.len().checked_sub(self.width()).filter(|excess| *excess > 0)?;
        // What stands directly before the stamps is the context, the number dialled and the caller's.
        let kept = anchor.min(3);
        let mut mended: Vec<&[u8]> = row.get(..anchor - kept)?.to_vec();
        mended.extend(row.get(anchor - kept + excess..)?);
        self.fits(&mended).then_some(mended)
    }
}

/// Returns whether `text` is a date with a time.
pub(super) fn is_stamp(text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    (8..=32).contains(&text.len())
        && digits >= 8
        && text.first().is_some_and(u8::is_ascii_digit)
        && text.contains(&b':')
        && text.iter().all(|byte| {
            byte.is_ascii_digit() || matches!(byte, b'-' | b'/' | b':' | b' ' | b'.' | b'T' | b'+' | b'Z')
        })
}
