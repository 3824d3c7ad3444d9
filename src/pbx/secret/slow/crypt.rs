//! Hashes of `crypt(3)`, as `/etc/shadow` and `ari.conf` keep passwords: MD5 (`$1$`), SHA-256 and SHA-512 (`$5$`, `$6$`,
//! perhaps with `rounds=N$`), yescrypt (`$y$`). The old one of DES has no mark to know it by and is not tried.

use md5::{Digest, Md5};
use sha_crypt::{PasswordVerifier, ShaCrypt};
use yescrypt::{Params, Yescrypt};

/// What a round of bcrypt takes, in rounds of the others, by the time they take.
const MD5_ROUNDS: u64 = 1_000;
const MD5_EACH: u64 = 128;
const SHA_EACH: u64 = 64;
/// Blocks of 128 bytes that yescrypt goes through.
const BLOCKS_EACH: u64 = 256;
/// A hostile hash asks for any number; what systems set is far below.
const MOST_SHA_ROUNDS: u64 = 500_000;
/// 64 MiB for one try; Linux distributions set a quarter of it.
const MOST_BLOCKS: u64 = 64 * 1024 * 1024 / 128;

/// Returns what one try takes, in rounds of bcrypt; nothing for another form, or one that asks for too much.
pub(super) fn cost(hash: &str) -> Option<u64> {
    let mut parts = hash.strip_prefix('$')?.split('$');
    match (parts.next()?, parts.next()?) {
        ("1", _) => Some(MD5_ROUNDS / MD5_EACH),
        ("5" | "6", second) => {
            let rounds = match second.strip_prefix("rounds=") {
                Some(rounds) => rounds.parse().ok()?,
                None => 5_000,
            };
            (1_000..=MOST_SHA_ROUNDS).contains(&rounds).then_some(rounds / SHA_EACH)
        }
        // Three signs: the flavour, memory and blocks. With more a hash asks for more passes, as long as it likes.
        ("y", settings) if settings.len() == 3 => {
            let settings: Params = settings.parse().ok()?;
            let blocks = settings.n().checked_mul(u64::from(settings.r()))?;
            (blocks <= MOST_BLOCKS).then_some((blocks / BLOCKS_EACH).max(1))
        }
        _ => None,
    }
}

/// Returns whether a hash is of a password.
pub(super) fn is_of(hash: &str, password: &str) -> bool {
    if cost(hash).is_none() {
        return false;
    }
    match hash.get(..3) {
        Some("$1$") => is_of_md5(hash, password).unwrap_or(false),
        Some("$y$") => Yescrypt::default().verify_password(password.as_bytes(), hash).is_ok(),
        _ => ShaCrypt::default().verify_password(password.as_bytes(), hash).is_ok(),
    }
}

/// Tells it of MD5 by the way that FreeBSD's `crypt.c` mixes password, salt and sums (Kamp, 1994).
fn is_of_md5(hash: &str, password: &str) -> Option<bool> {
    let (salt, sum) = hash.strip_prefix("$1$")?.split_once('$')?;
    let (password, salt) = (password.as_bytes(), salt.as_bytes().get(..salt.len().min(8))?);
    let mut other = Md5::new();
    [password, salt, password].iter().for_each(|part| other.update(part));
    let other = other.finalize();
    let mut first = Md5::new();
    [password, b"$1$", salt].iter().for_each(|part| first.update(part));
    first.update(other.iter().cycle().take(password.len()).copied().collect::<Vec<u8>>());
    let mut length = password.len();
    while length > 0 {
        let mixed = if length & 1 == 1 { 0 } else { *password.first()? };
        first.update([mixed]);
        length >>= 1;
    }
    let mut made = first.finalize();
    for round in 0..MD5_ROUNDS {
        let mut next = Md5::new();
        next.update(if round & 1 == 1 { password } else { made.as_slice() });
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        next.update(if round & 1 == 1 { made.as_slice() } else { password });
        made = next.finalize();
    }
    Some(written(made.as_slice())? == sum)
}

/// Writes sixteen bytes as `crypt(3)` does: three at a time in an order of its own, the lowest six bits first.
fn written(sum: &[u8]) -> Option<String> {
    const SIGNS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const ORDER: [(usize, usize, usize); 5] = [(0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5)];
    let byte = |at: usize| sum.get(at).copied().map(u32::from);
    let mut text = String::with_capacity(22);
    let mut write = |mut bits: u32, signs: usize| {
        for _ in 0..signs {
            text.push(char::from(*SIGNS.get((bits & 0x3f) as usize)?));
            bits >>= 6;
        }
        Some(())
    };
    for (high, middle, low) in ORDER {
        write(byte(high)? << 16 | byte(middle)? << 8 | byte(low)?, 4)?;
    }
    write(byte(11)?, 2)?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes of `changeme` and of `kT9vwQ2mZp4r`, made by `crypt(3)` of libxcrypt.
    const PAIRS: [[&str; 2]; 6] = [
        ["$1$Qw8rTzUp$BUdziA21szNfot/C6lvEa0", "$1$Qw8rTzUp$59HCaBvW2aVQV8JIAz2.91"],
        [
            "$5$Qw8rTzUpLkJhGfDs$Tr6X.W2p.Gk/DSz/Xw2VSoRww38U5p8kl7RGMPMLv25",
            "$5$Qw8rTzUpLkJhGfDs$QxoahL81pBFdvqnFKIsZcy9AWL4devRzO8twCA2Uxu5",
        ],
        [
            "$5$rounds=1000$abc.$WPAtsZR2SrUynFTB2CUzUXD6aBA715MIktjlDyEI5K3",
            "$5$rounds=1000$abc.$oTrtwrscGywyK53HHsPg4IlGR06HRlb/Dtp8Va8Oec7",
        ],
        [
            "$6$mNbVcXyAsDfG$fpezJPfXaOuOfl0y27zFq5qcUZ2wucHijJURPUfDOVbC161zkDJtmNu9aWIwtpF2/fdP1.PNPL25ImO9a2BpQ1",
            "$6$mNbVcXyAsDfG$S1atWgD.HMDdfpKxFhBJLsOs9yw3eBkf2MzFqi4.V11/anLLU4.06.kl6DCojShC1x1my1GIAbQyYH4/hn2L01",
        ],
        [
            "$6$rounds=1500$zz$THe3cbN14X0GEoPTDg0n8tfA36oX43Zm6cSa876xfbbkyZ.tL23CCUC2AzDG70eE0iUcaUvdLQGiOHdopLI8E.",
            "$6$rounds=1500$zz$g1zp6XNc9AfqXE6B/jtAhWdUW0AsGHL0MfV8JMA4GnCHf42vtZuD6a0n.8/PM/dfmWmWgCQVWtY7YO/LSMH8G1",
        ],
        [
            "$y$j75$Qw8rTzUpLkJhGfDsAyXc0/$8Xn9HYPcrgcxRVuyt1zGiTN5zhO2AtVLWqO.ugGwtT1",
            "$y$j75$Qw8rTzUpLkJhGfDsAyXc0/$jA9vo.3Q1YhDeRu9nwoHe7WD5ZLjL.fXkHDmILFIMOC",
        ],
    ];

    #[test]
    fn a_password_is_known_by_its_hash() {
        for [common, good] in PAIRS {
            assert!(is_of(common, "changeme") && !is_of(common, "Changeme"), "{common}");
            assert!(is_of(good, "kT9vwQ2mZp4r") && !is_of(good, "changeme") && !is_of(good, ""), "{good}");
        }
    }

    #[test]
    fn what_asks_for_too_much_or_is_another_form_is_left_alone() {
        assert_eq!(cost("$y$j9T$salt$sum"), Some(512));
        for other in [
            "$6$rounds=999999999$a$b",
            "$6$rounds=10$a$b",
            "$y$jFT$salt$sum",
            "$y$$salt$sum",
            "$y$j9T.1$salt$sum",
            "$7$CU..../....abc$a4TEPCLgYHICDXHPONwzVyL1D0GzLnV6WgqXKDTF.X/",
            "abFhv6zf9FaNs",
            "$2y$04$Qw8rTzUpLkJhGfDsAyXc.uV8enlCNsJKVyCi/uvhXKKD1K3qpz4ua",
            "*",
            "",
        ] {
            assert!(cost(other).is_none() && !is_of(other, "changeme"), "{other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_no_hash(text in "[$156yj9T./rounds=0-9A-F\u{e9}]{0,40}") {
            proptest::prop_assert!(!is_of(&text, "a"));
        }
    }
}
