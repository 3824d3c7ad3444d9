//! How a script tells calls by the numbers that they go to: whole numbers, never a part of one.
//!
//! A list of channels shows a number among other text: `SIP/trunk/0025261...`. Every row of digits in it is compared
//! as a whole, so that nobody's call ends because its last digits look like the beginning of another number.

use super::words::NumberForm;

/// A function of the shell that prints the first field of each line in which one of the numbers stands; it is given
/// what divides the fields, the numbers, and which fields are looked at (`0`: all from the fifth on).
pub(super) const TOLD_BY_NUMBERS: &str = r#"told_by_numbers() {
    awk -F "$1" -v numbers="$2" -v fields="$3" '
        BEGIN {
            count = split(numbers, number, " ")
            for (i = 1; i <= count; i++) {
                head = number[i]
                gsub(/[.]/, "", head)
                form[length(number[i]) " " head] = 1
                heads[length(head)] = 1
            }
            looked = split(fields, field, " ")
        }
        {
            text = ""
            if (fields == "0") for (i = 5; i <= NF; i++) text = text " " $i
            else for (i = 1; i <= looked; i++) text = text " " $(field[i] + 0)
            gsub(/[^0-9]+/, " ", text)
            runs = split(text, run, " ")
            for (i = 1; i <= runs; i++)
                for (digits in heads)
                    if ((length(run[i]) " " substr(run[i], 1, digits)) in form) { print $1; next }
        }'
}
"#;

/// Joins numbers as words of one argument.
pub(super) fn in_words(numbers: &[NumberForm]) -> String {
    numbers.iter().map(NumberForm::as_str).collect::<Vec<_>>().join(" ")
}
