//! bcrypt, as panels keep passwords: `$2y$10$SALT-AND-SUM`.

use blowfish::Blowfish;

/// Reads the cost of `$2y$10$...`; more than 31 is not to be had, and no panel sets more than 14.
pub(super) fn cost(hash: &str) -> Option<u32> {
    let mut parts = hash.strip_prefix("$2")?.splitn(3, '$');
    let (_, cost, rest) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    (rest.len() == 53 && (4..=14).contains(&cost)).then_some(cost)
}

/// Returns whether a hash is of a password (Provos and Mazieres, 1999): a key schedule of Blowfish gone through over
/// and over with password and salt, then a fixed text encrypted 64 times.
pub(super) fn is_of(hash: &str, password: &str) -> bool {
    let (Some(cost), Some((salt, sum))) = (cost(hash), parts(hash)) else { return false };
    // The password counts with the zero byte behind it, up to 72 bytes.
    let key: Vec<u8> = password.bytes().chain([0]).take(72).collect();
    let mut state = Blowfish::bc_init_state();
    state.salted_expand_key(&salt, &key);
    for _ in 0..1_u64 << cost {
        state.bc_expand_key(&key);
        state.bc_expand_key(&salt);
    }
    let mut made = Vec::with_capacity(TEXT.len() * 8);
    for mut pair in TEXT {
        for _ in 0..64 {
            pair = state.bc_encrypt(pair);
        }
        made.extend(pair.iter().flat_map(|half| half.to_be_bytes()));
    }
    made.starts_with(&sum)
}

/// What is encrypted: `OrpheanBeholderScryDoubt`.
const TEXT: [[u32; 2]; 3] =
    [[0x4f72_7068, 0x6561_6e42], [0x6568_6f6c, 0x6465_7253], [0x6372_7944, 0x6f75_6274]];

/// Returns the salt, and as much of the sum as a hash keeps: 23 bytes.
fn parts(hash: &str) -> Option<([u8; 16], Vec<u8>)> {
    let text = hash.rsplit('$').next()?.as_bytes();
    let salt = decoded(text.get(..22)?)?;
    Some((salt.get(..16)?.try_into().ok()?, decoded(text.get(22..)?)?))
}

/// Undoes the base 64 of bcrypt, which has its own order of signs.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    const SIGNS: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let (mut bytes, mut held, mut bits) = (Vec::with_capacity(24), 0_u32, 0_u32);
    for sign in text {
        let value = SIGNS.iter().position(|known| known == sign)?;
        held = (held << 6 | u32::try_from(value).ok()?) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash() {
        // A vector that every implementation is tried on.
        let known = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        assert!(is_of(known, "U*U") && !is_of(known, "U*"));
    }

    #[test]
    fn other_forms_are_left_alone() {
        for other in
            ["$6$a$b", "$2y$10$short", "$2y$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", ""]
        {
            assert!(cost(other).is_none() && !is_of(other, ""), "{other}");
        }
        assert!(!is_of("$2y$04$!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", "a"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_no_hash(text in "[$2ay0-9./A-Z]{0,70}") {
            proptest::prop_assert!(cost(&text).is_none() || parts(&text).is_some() || !is_of(&text, "a"));
        }
    }
}
