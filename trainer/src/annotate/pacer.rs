//! Keeps to the server's rate limits: what its headers say is left, and what the user allows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderMap;

/// How long to wait if the server says that nothing is left, but not until when.
const UNTOLD: Duration = Duration::from_secs(1);

/// How often to see whether an answer has come that says more.
const POLL: Duration = Duration::from_millis(10);

/// What all requests of a run ask before they go out.
#[derive(Debug, Clone, Default)]
pub struct Pacer(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    requests: Allowance,
    tokens: Allowance,
    /// The server asked everyone to wait.
    closed_until: Option<Instant>,
}

/// Of requests or of tokens: how many may still go out, and when there will be more.
#[derive(Debug, Default)]
struct Allowance {
    limit: Option<f64>,
    /// Unknown until the server has said it.
    left: Option<f64>,
    /// Sent, but not answered: the server may not have counted them yet.
    out: f64,
    resets: Option<Instant>,
    /// What the user allows: the time one takes, and when the next may go.
    spacing: Option<Duration>,
    next: Option<Instant>,
}

impl Allowance {
    fn wait(&mut self, n: f64, now: Instant) -> Duration {
        if self.resets.is_some_and(|resets| resets <= now) {
            self.resets = None;
            self.left = self.limit.map(|limit| (limit - self.out).max(0.0));
        }
        // A request above the whole limit goes out when there is nothing else, and the server decides.
        let n = n.min(self.limit.unwrap_or(n));
        let told = match (self.left, self.resets) {
            (Some(left), Some(resets)) if left < n => resets - now,
            // The next window has begun, and an answer will say how it stands.
            (Some(left), None) if left < n && self.out > 0.0 => POLL,
            _ => Duration::ZERO,
        };
        let spaced = self.next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now));
        told.max(spaced)
    }

    fn take(&mut self, n: f64, now: Instant) {
        self.left = self.left.map(|left| left - n);
        self.out += n;
        if let Some(spacing) = self.spacing {
            self.next = Some(self.next.unwrap_or(now).max(now) + spacing.mul_f64(n));
        }
    }

    fn observe(&mut self, limit: Option<f64>, left: Option<f64>, reset: Option<Duration>, now: Instant) {
        self.limit = limit.or(self.limit);
        if let Some(left) = left {
            self.left = Some(left - self.out);
            self.resets = Some(now + reset.unwrap_or(UNTOLD));
        }
    }
}

impl Pacer {
    /// A pacer that allows so many requests and tokens a minute, whatever the server says.
    pub fn new(requests: Option<f64>, tokens: Option<f64>) -> Self {
        let pacer = Self::default();
        let spacing = |a_minute: f64| Duration::from_secs_f64((60.0 / a_minute).min(3600.0));
        pacer.state().requests.spacing = requests.map(spacing);
        pacer.state().tokens.spacing = tokens.map(spacing);
        pacer
    }

    /// Waits until a request of so many tokens may go out, and counts it as gone.
    pub async fn admit(&self, tokens: f64) {
        loop {
            let wait = {
                let state = &mut *self.state();
                let now = Instant::now();
                let closed = state.closed_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
                let wait = closed.max(state.requests.wait(1.0, now)).max(state.tokens.wait(tokens, now));
                if wait.is_zero() {
                    state.requests.take(1.0, now);
                    state.tokens.take(tokens, now);
                    return;
                }
                wait
            };
            tokio::time::sleep(wait.max(Duration::from_millis(1))).await;
        }
    }

    /// The request of so many tokens has come to its end.
    pub fn settle(&self, tokens: f64) {
        let state = &mut *self.state();
        state.requests.out = (state.requests.out - 1.0).max(0.0);
        state.tokens.out = (state.tokens.out - tokens).max(0.0);
    }

    /// Heeds what an answer's headers say of the limits.
    pub fn observe(&self, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let number = |name: &str| text(name)?.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
        let time = |name: &str| text(name).and_then(duration);
        let now = Instant::now();
        let state = &mut *self.state();
        for (allowance, what) in [(&mut state.requests, "requests"), (&mut state.tokens, "tokens")] {
            allowance.observe(
                number(&format!("x-ratelimit-limit-{what}")).filter(|&limit| limit > 0.0),
                number(&format!("x-ratelimit-remaining-{what}")),
                time(&format!("x-ratelimit-reset-{what}")),
                now,
            );
        }
    }

    /// Lets nothing out for so long: the server asked for it.
    pub fn close(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let state = &mut *self.state();
        state.closed_until = Some(state.closed_until.map_or(until, |before| before.max(until)));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `6m0s`, `1.5s`, `120ms`, or plain seconds.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut seconds = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let value: f64 = rest[..digits].parse().ok()?;
        let after = &rest[digits..];
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        seconds += value
            * match &after[..unit] {
                "" | "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86400.0,
                _ => return None,
            };
        rest = &after[unit..];
    }
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_servers_write_them() {
        for (text, seconds) in
            [("6m0s", 360.0), ("1.5s", 1.5), ("120ms", 0.12), ("1h2m3s", 3723.0), ("20", 20.0), ("0s", 0.0)]
        {
            assert_eq!(duration(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "soon", "2026-01-01T00:00:00Z", "-1s", "."] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_out_counts_as_used_until_the_server_has_counted_it() {
        let now = Instant::now();
        let mut allowance = Allowance::default();
        assert!(allowance.wait(1.0, now).is_zero());
        (0..3).for_each(|_| allowance.take(1.0, now));
        // One of three comes back; the server has seen that one only.
        allowance.out -= 1.0;
        allowance.observe(Some(4.0), Some(3.0), Some(Duration::from_secs(9)), now);
        allowance.take(1.0, now);
        assert_eq!(allowance.wait(1.0, now), Duration::from_secs(9));
        // The window is over: what is out counts against the next one.
        assert!(allowance.wait(1.0, now + Duration::from_secs(9)).is_zero());
        assert_eq!(allowance.left, Some(1.0));
        allowance.take(1.0, now);
        assert_eq!(allowance.wait(1.0, now + Duration::from_secs(10)), POLL);
    }

    #[test]
    fn a_request_above_the_limit_goes_out_when_nothing_else_does() {
        let now = Instant::now();
        let mut allowance = Allowance::default();
        allowance.observe(Some(100.0), Some(100.0), Some(Duration::from_secs(9)), now);
        assert!(allowance.wait(500.0, now).is_zero());
    }
}
