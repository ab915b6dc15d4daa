//! Sealed events, held against what the vendor published.

use tongshi_model::{Secret, SeededRandomness};

use crate::dingtalk::auth::seal::{Broken, Seal};

struct Vector {
    token: &'static str,
    aes_key: &'static str,
    owner: &'static str,
    timestamp: &'static str,
    nonce: &'static str,
    signature: &'static str,
    encrypt: &'static str,
    text: &'static str,
}

/// The vendor's three: from its page of questions, from the page for suites, and from its sample in Python (§7).
const VECTORS: &[Vector] = &[
    Vector {
        token: "123456",
        aes_key: "1234567890123456789012345678901234567890123",
        owner: "dingsnotzck6pm5veliw",
        timestamp: "1614767836",
        nonce: "A7Co0cJLMzIDtMMI",
        signature: "9a95a004dd16f5c307e849b994173f76aa26e5eb",
        encrypt: "YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA==",
        text: "success",
    },
    Vector {
        token: "123456",
        aes_key: "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij",
        owner: "suite4xxxxxxxxxxxxxxx",
        timestamp: "1445827045067",
        nonce: "nEXhMP4r",
        signature: "5a65ceeef9aab2d149439f82dc191dd6c5cbe2c0",
        encrypt: "1a3NBxmCFwkCJvfoQ7WhJHB+iX3qHPsc9JbaDznE1i03peOk1LaOQoRz3+nlyGNhwmwJ3vDMG+OzrHMeiZI7gTRWVdUBmfxj\
                  Z8Ej23JVYa9VrYeJ5as7XM/ZpulX8NEQis44w53h1qAgnC3PRzM7Zc/D6Ibr0rgUathB6zRHP8PYrfgnNOS9PhSBdHlegK+A\
                  GGanfwjXuQ9+0pZcy0w9lQ==",
        text: r#"{"EventType":"check_create_suite_url","Random":"LPIdSnlF","TestSuiteKey":"suite4xxxxxxxxxxxxxxx"}"#,
    },
    Vector {
        token: "mryue",
        aes_key: "Yue0EfdN5900c1ce5cf6A152c63DDe1808a60c5ecd7",
        owner: "ding6ccabc44d2c8d38b",
        timestamp: "1608001896814",
        nonce: "WL4PK6yA",
        signature: "03044561471240d4a14bb09372dfcfd4fd0e40cb",
        encrypt: "0vJiX6vliEpwG3U45CtXqi+m8PXbQRARJ8p8BbDuD1EMTDf0jKpQ79QS93qEk7XHpP6u+oTTrd15NRPvNvmBKyDCYxxOK+HZ\
                  eKju4yhELOFchzNukR+t8SB/qk4ROMu3",
        text: r#"{"EventType":"check_url"}"#,
    },
];

fn seal(vector: &Vector) -> Seal {
    Seal::new(&Secret::new(vector.token), &Secret::new(vector.aes_key), vector.owner).expect("a key")
}

#[test]
fn what_the_vendor_published_opens() {
    for vector in VECTORS {
        let opened = seal(vector).open(vector.signature, vector.timestamp, vector.nonce, vector.encrypt);
        assert_eq!(opened.as_deref(), Ok(vector.text));
    }
}

#[test]
fn one_byte_more_less_or_other_is_refused() {
    for vector in VECTORS {
        let seal = seal(vector);
        let (signature, timestamp, nonce) = (vector.signature, vector.timestamp, vector.nonce);
        let shorter = &vector.encrypt[..vector.encrypt.len() - 1];
        let longer = format!("{}A", vector.encrypt);
        for changed in [shorter, &longer] {
            assert_eq!(seal.open(signature, timestamp, nonce, changed), Err(Broken::Signature));
        }
        for at in 0..vector.encrypt.len() {
            let mut changed = vector.encrypt.as_bytes().to_vec();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert_eq!(seal.open(signature, timestamp, nonce, &changed), Err(Broken::Signature));
        }
        assert_eq!(seal.open(signature, "1", nonce, vector.encrypt), Err(Broken::Signature));
        assert_eq!(seal.open(signature, timestamp, "n", vector.encrypt), Err(Broken::Signature));
        let upper = signature.to_uppercase();
        assert_eq!(seal.open(&upper, timestamp, nonce, vector.encrypt), Err(Broken::Signature));
    }
}

#[test]
fn an_event_for_somebody_else_is_told_from_a_broken_one() {
    let vector = &VECTORS[2];
    let (token, key) = (Secret::new(vector.token), Secret::new(vector.aes_key));
    let other = Seal::new(&token, &key, "ding0000000000000000").expect("a key");
    let opened = other.open(vector.signature, vector.timestamp, vector.nonce, vector.encrypt);
    assert_eq!(opened, Err(Broken::Owner));
    for no_key in ["", "short", &"+".repeat(43), &"a".repeat(42), &"a".repeat(44)] {
        assert_eq!(Seal::new(&token, &Secret::new(no_key), "x").err(), Some(Broken::Key));
    }
}

#[test]
fn every_length_comes_back() {
    let seal = seal(&VECTORS[1]);
    let randomness = SeededRandomness::new(3);
    for length in 0..100 {
        let text = "界".repeat(length);
        let sealed = seal.close(&text, "1", "n", &randomness);
        assert_eq!(seal.open(&sealed.signature, "1", "n", &sealed.encrypt).as_deref(), Ok(&*text));
        // Inside, a text that was cut is refused whatever its signature says.
        let cut = &sealed.encrypt[..sealed.encrypt.len() - 4];
        let signed = seal.open(&sealed.signature, "1", "n", cut);
        assert_eq!(signed, Err(Broken::Signature));
    }
}
