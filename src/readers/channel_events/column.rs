//! The columns that channel events have, whatever their order.

/// What one column of a channel event holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    EventType,
    EventTime,
    CallerNumber,
    Exten,
    Context,
    Channel,
    AppName,
    AppData,
    AccountCode,
    Uniqueid,
    LinkedId,
    /// Something that no question is asked about.
    Other,
}

/// The order of the mapping that Asterisk ships as a sample, up to the last column of interest.
pub(super) const SAMPLE: [Column; 16] = [
    Column::EventType,
    Column::EventTime,
    Column::Other,
    Column::CallerNumber,
    Column::Other,
    Column::Other,
    Column::Other,
    Column::Exten,
    Column::Context,
    Column::Channel,
    Column::AppName,
    Column::AppData,
    Column::Other,
    Column::AccountCode,
    Column::Uniqueid,
    Column::LinkedId,
];

impl Column {
    /// Tells a column from its name in a mapping (`CHANNEL(exten)`, `eventtype`) or of a table (`cid_num`).
    pub(super) fn from_name(name: &str) -> Self {
        let name = name.trim().to_ascii_lowercase();
        let inner = name.strip_prefix("channel(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(&name);
        match inner {
            "eventtype" => Column::EventType,
            "eventtime" => Column::EventTime,
            "callerid(num)" | "cid_num" => Column::CallerNumber,
            "exten" => Column::Exten,
            "context" => Column::Context,
            "channame" | "name" => Column::Channel,
            "appname" => Column::AppName,
            "appdata" => Column::AppData,
            "accountcode" => Column::AccountCode,
            "uniqueid" => Column::Uniqueid,
            "linkedid" => Column::LinkedId,
            _ => Column::Other,
        }
    }
}

/// Returns whether `text` names an event of channel event logging, in any version of Asterisk.
pub(super) fn is_event(text: &[u8]) -> bool {
    const NAMES: [&[u8]; 26] = [
        b"CHAN_START",
        b"CHAN_END",
        b"ANSWER",
        b"HANGUP",
        b"APP_START",
        b"APP_END",
        b"BRIDGE_ENTER",
        b"BRIDGE_EXIT",
        b"BRIDGE_START",
        b"BRIDGE_END",
        b"BRIDGE_UPDATE",
        b"BRIDGE_TO_CONF",
        b"CONF_ENTER",
        b"CONF_EXIT",
        b"CONF_START",
        b"CONF_END",
        b"PARK_START",
        b"PARK_END",
        b"BLINDTRANSFER",
        b"ATTENDEDTRANSFER",
        b"TRANSFER",
        b"PICKUP",
        b"FORWARD",
        b"LINKEDID_END",
        b"LOCAL_OPTIMIZE",
        b"USER_DEFINED",
    ];
    NAMES.contains(&text)
}
