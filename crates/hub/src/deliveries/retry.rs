//! When a message is sent again: the schedule of the Standard Webhooks specification, with jitter, and what the receiver
//! asked for.

use std::time::Duration;

use http::{HeaderMap, header};
use tongshi_model::{Randomness, Timestamp, parse_http_date};

/// The waits after the first nine failures. With the attempt that comes at once they are ten attempts over 75 hours,
/// 35 minutes and 5 seconds.
pub(super) const DELAYS: &[Duration] = &[
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 60 * 60),
    Duration::from_secs(5 * 60 * 60),
    Duration::from_secs(10 * 60 * 60),
    Duration::from_secs(14 * 60 * 60),
    Duration::from_secs(20 * 60 * 60),
    Duration::from_secs(24 * 60 * 60),
];

/// The longest wait that a receiver can ask for.
const RETRY_AFTER_SECONDS_MAX: u64 = 24 * 60 * 60;

/// A wait is up to this much shorter or longer, so that what failed together does not come back together.
const JITTER_PERCENT: u64 = 10;

/// When attempt number `attempts` + 1 takes place; none when there is no further one.
pub(super) fn next(
    delays: &[Duration],
    attempts: i64,
    retry_after: Option<Duration>,
    now: Timestamp,
    randomness: &dyn Randomness,
) -> Option<Timestamp> {
    let place = usize::try_from(attempts - 1).ok()?;
    let delay = jittered(*delays.get(place)?, randomness).max(retry_after.unwrap_or_default());
    now.checked_add(jiff::SignedDuration::try_from(delay).ok()?).ok()
}

/// What the receiver asks to be left alone for.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are more than the most that is obeyed.
        text.parse().unwrap_or(u64::MAX)
    } else {
        let then = parse_http_date(text)?;
        u64::try_from(then.as_second() - now.as_second()).unwrap_or(0)
    };
    Some(Duration::from_secs(seconds.min(RETRY_AFTER_SECONDS_MAX)))
}

fn jittered(delay: Duration, randomness: &dyn Randomness) -> Duration {
    let mut bytes = [0; 8];
    randomness.fill(&mut bytes);
    let milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
    let spread = milliseconds / 100 * JITTER_PERCENT;
    let shift = u64::from_be_bytes(bytes) % (2 * spread + 1);
    Duration::from_millis(milliseconds - spread + shift)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use tongshi_model::SeededRandomness;

    use super::*;

    #[test]
    fn ten_attempts_over_75_hours() {
        assert_eq!(DELAYS.iter().map(Duration::as_secs).sum::<u64>(), ((75 * 60) + 35) * 60 + 5);
        assert_eq!(DELAYS.len() + 1, 10);
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        assert!(next(DELAYS, 10, None, now, &SeededRandomness::new(1)).is_none());
        assert!(next(DELAYS, 9, None, now, &SeededRandomness::new(1)).is_some());
    }

    #[test]
    fn jitter_stays_within_a_tenth_and_reaches_both_ends() {
        let randomness = SeededRandomness::new(3);
        for delay in DELAYS {
            let delay_ms = delay.as_millis() as f64;
            let shares: Vec<f64> =
                (0..2000).map(|_| jittered(*delay, &randomness).as_millis() as f64 / delay_ms).collect();
            let (least, most) = shares
                .iter()
                .fold((f64::MAX, f64::MIN), |(low, high), share| (low.min(*share), high.max(*share)));
            assert!((0.9..0.905).contains(&least) && most > 1.095 && most <= 1.1, "{least} {most}");
        }
    }

    #[test]
    fn a_wish_is_kept_up_to_a_day() {
        let now: Timestamp = "2026-03-16T02:00:00Z".parse().unwrap();
        let asked = |text: &str| {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_str(text).unwrap())]);
            retry_after(&headers, now).map(|wait| wait.as_secs())
        };
        for (text, seconds) in [
            ("7", Some(7)),
            ("0", Some(0)),
            ("1000000000", Some(86_400)),
            ("99999999999999999999999999", Some(86_400)),
            ("Mon, 16 Mar 2026 02:01:00 GMT", Some(60)),
            ("Mon, 16 Mar 2026 01:00:00 GMT", Some(0)),
            ("Fri, 31 Dec 2027 23:59:59 GMT", Some(86_400)),
            ("-5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(asked(text), seconds, "{text}");
        }
        let then =
            next(DELAYS, 1, Some(Duration::from_secs(86_400)), now, &SeededRandomness::new(1)).unwrap();
        assert_eq!(then.as_second() - now.as_second(), 86_400);
        let soon = next(DELAYS, 1, Some(Duration::ZERO), now, &SeededRandomness::new(1)).unwrap();
        assert!((4_500..=5_500).contains(&(soon.as_millisecond() - now.as_millisecond())));
    }
}
