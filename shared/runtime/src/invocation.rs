//! One invocation of a function: who asked, how much time there is, which trace it belongs to.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The part of the remaining time in which work is taken up.
const WORK_PART: f64 = 0.8;

/// An invocation.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Its id.
    pub request_id: String,
    /// When to take up no more work. `None` where time does not matter, or is not known.
    pub work_until: Option<Instant>,
    /// The trace that it belongs to.
    pub trace: Option<Trace>,
    /// Whether it is the first one of its process.
    pub cold_start: bool,
}

impl Invocation {
    /// An invocation outside of Lambda.
    pub fn local(request_id: &str) -> Self {
        Self { request_id: request_id.to_owned(), work_until: None, trace: None, cold_start: true }
    }

    /// Whether it is too late to take up more work.
    pub fn is_past_work_time(&self) -> bool {
        self.work_until.is_some_and(|until| Instant::now() >= until)
    }
}

/// When to stop taking up work, if everything has to be done by `deadline`, in milliseconds since
/// 1970: at four fifths of what remains. A deadline that has passed is none: local stand-ins of Lambda
/// give such.
pub fn work_until(deadline_ms: u64) -> Option<Instant> {
    let deadline = UNIX_EPOCH.checked_add(Duration::from_millis(deadline_ms))?;
    let remaining = deadline.duration_since(SystemTime::now()).ok()?;
    Instant::now().checked_add(remaining.mul_f64(WORK_PART))
}

/// A place in a trace, as X-Ray and the W3C number them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// The span that called: 16 hexadecimal digits.
    pub parent_id: Option<String>,
    /// Whether whoever called keeps the trace.
    pub is_sampled: bool,
}

impl Trace {
    /// From an X-Ray header: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.
    pub fn of_x_ray(header: &str) -> Option<Self> {
        let field = |name: &str| {
            let fields = header.split(';').filter_map(|field| field.trim().split_once('='));
            fields.into_iter().find(|(found, _)| *found == name).map(|(_, value)| value)
        };
        let (version, digits) = field("Root")?.split_once('-')?;
        let trace_id = digits.replace('-', "");
        if version != "1" || !is_hexadecimal(&trace_id, 32) {
            return None;
        }
        Some(Self {
            trace_id: trace_id.to_ascii_lowercase(),
            parent_id: field("Parent").filter(|id| is_hexadecimal(id, 16)).map(str::to_owned),
            is_sampled: field("Sampled") == Some("1"),
        })
    }

    /// As a W3C `traceparent` header; `None` without a span that called.
    pub fn traceparent(&self) -> Option<String> {
        let parent = self.parent_id.as_deref()?;
        let flags = if self.is_sampled { "01" } else { "00" };
        Some(format!("00-{}-{parent}-{flags}", self.trace_id))
    }
}

fn is_hexadecimal(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x_ray_and_w3c_number_the_same_trace() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let trace = Trace::of_x_ray(header).unwrap();
        assert_eq!(trace.trace_id, "5759e988bd862e3fe1be46a994272793");
        assert_eq!(
            trace.traceparent().unwrap(),
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"
        );
        let bare = Trace::of_x_ray("Root=1-5759e988-bd862e3fe1be46a994272793").unwrap();
        assert_eq!((bare.traceparent(), bare.is_sampled), (None, false));
        for wrong in ["", "Root=", "Root=1-5759e988", "Root=2-5759e988-bd862e3fe1be46a994272793"] {
            assert_eq!(Trace::of_x_ray(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn four_fifths_of_the_time_is_for_work() {
        let in_ten_seconds =
            (SystemTime::now() + Duration::from_secs(10)).duration_since(UNIX_EPOCH).unwrap();
        let until = work_until(in_ten_seconds.as_millis() as u64).unwrap();
        let left = until.duration_since(Instant::now());
        assert!(left > Duration::from_secs(7) && left < Duration::from_millis(8_001), "{left:?}");
        assert_eq!(work_until(1_000), None, "a deadline in the past is none");
    }
}
