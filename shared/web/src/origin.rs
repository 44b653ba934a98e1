//! Where a request comes from, for the reports of the runs that it makes.

use smelt_domain::RunOrigin;

/// Where a request comes from: whoever hands it to the router may put this beside it (an extension of the
/// request), so that a run which it makes can be found in the log and in the trace of its caller.
#[derive(Debug, Clone, Default)]
pub struct Origin(RunOrigin);

impl Origin {
    /// The invocation of a function that was handed the request, and the trace that it belongs to.
    pub fn of_invocation(function: &str, request_id: String, trace_id: Option<String>) -> Self {
        Self(RunOrigin {
            function: Some(function.to_owned()),
            request_id: Some(request_id),
            trace_id,
        })
    }

    /// The id by which whoever handed it over knows the request.
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The same; a request that nobody has an id for is known by this one.
    pub(crate) fn or_known_by(mut self, id: &str) -> Self {
        self.0.request_id.get_or_insert_with(|| id.to_owned());
        self
    }

    /// As reports have it.
    pub(crate) fn into_run(self) -> RunOrigin {
        self.0
    }
}
