//! End-to-end suites of smelt.
