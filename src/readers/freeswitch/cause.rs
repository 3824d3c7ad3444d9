//! Why calls ended, in FreeSWITCH's words, and what that means for a call record.

use crate::event::Disposition;

/// The causes that are worth telling apart (`switch_types.h`, names of Q.850 and of FreeSWITCH itself).
const CAUSES: [&str; 31] = [
    "ALLOTTED_TIMEOUT",
    "ATTENDED_TRANSFER",
    "BEARERCAPABILITY_NOTAVAIL",
    "BLIND_TRANSFER",
    "CALL_REJECTED",
    "DESTINATION_OUT_OF_ORDER",
    "EXCHANGE_ROUTING_ERROR",
    "FACILITY_REJECTED",
    "GATEWAY_DOWN",
    "INCOMPATIBLE_DESTINATION",
    "INVALID_GATEWAY",
    "INVALID_NUMBER_FORMAT",
    "LOSE_RACE",
    "MANAGER_REQUEST",
    "MANDATORY_IE_MISSING",
    "MEDIA_TIMEOUT",
    "NETWORK_OUT_OF_ORDER",
    "NORMAL_CLEARING",
    "NORMAL_TEMPORARY_FAILURE",
    "NORMAL_UNSPECIFIED",
    "NO_ANSWER",
    "NO_ROUTE_DESTINATION",
    "NO_USER_RESPONSE",
    "ORIGINATOR_CANCEL",
    "OUTGOING_CALL_BARRED",
    "RECOVERY_ON_TIMER_EXPIRE",
    "SUBSCRIBER_ABSENT",
    "UNALLOCATED_NUMBER",
    "USER_BUSY",
    "USER_NOT_REGISTERED",
    "WRONG_CALL_STATE",
];

/// Returns the cause as a word of a closed list.
pub(super) fn known(text: &[u8]) -> &'static str {
    CAUSES.into_iter().find(|cause| cause.as_bytes() == text).unwrap_or("another cause")
}

/// Returns how a call ended that was answered, or had this cause.
pub(super) fn disposition(answered: bool, cause: &[u8]) -> Disposition {
    match cause {
        _ if answered => Disposition::Answered,
        b"USER_BUSY" => Disposition::Busy,
        b"NO_ANSWER" | b"NO_USER_RESPONSE" | b"ORIGINATOR_CANCEL" | b"ALLOTTED_TIMEOUT" | b"LOSE_RACE"
        | b"NORMAL_CLEARING" => Disposition::NoAnswer,
        b"NORMAL_CIRCUIT_CONGESTION" | b"SWITCH_CONGESTION" => Disposition::Congestion,
        b"" => Disposition::Unknown,
        _ => Disposition::Failed,
    }
}
