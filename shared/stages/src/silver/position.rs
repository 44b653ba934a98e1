/// How far a table follows bronze, and by which definition it was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Followed {
    pub version: u64,
    pub definition: u64,
}

/// What the next refresh of silver computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refresh {
    /// Bronze version that silver already has; `None` computes everything anew.
    pub from: Option<u64>,
    /// Bronze version that silver has afterwards.
    pub to: u64,
    /// Whether the quarantine still needs the refused rows of this range.
    pub quarantine_too: bool,
}

/// Decides what to compute; `None` when silver is up to date.
///
/// Two tables cannot be committed at once. The quarantine goes first: when it is ahead, a former
/// run ended between the two commits, and silver catches up with exactly the quarantine's version
/// before anything newer is looked at. So no refused row is ever written twice or left out.
pub(crate) fn next_refresh(
    definition: u64,
    bronze: u64,
    silver: Option<Followed>,
    quarantine: Option<Followed>,
) -> Option<Refresh> {
    let current = |followed: Option<Followed>| {
        followed.filter(|followed| followed.definition == definition).map(|f| f.version)
    };
    let quarantine = current(quarantine);
    // A quarantine that is missing, older or by another definition does not belong to this silver:
    // both are computed anew.
    let silver = current(silver).filter(|silver| quarantine.is_some_and(|q| q >= *silver));
    let to = match quarantine {
        Some(ahead) if silver.is_none_or(|silver| silver < ahead) => ahead,
        _ => bronze,
    };
    (silver.is_none_or(|silver| silver < to)).then(|| Refresh {
        from: silver,
        to,
        quarantine_too: quarantine.is_none_or(|quarantine| quarantine < to),
    })
}

/// The version up to which at least so many rows arrived, in whole versions; `None` when there are
/// not so many. `arrived` are versions with their rows, in order.
pub(crate) fn some_versions(
    arrived: impl IntoIterator<Item = (u64, u64)>,
    least_rows: u64,
) -> Option<u64> {
    let (mut rows, mut last) = (0, None);
    for (version, more) in arrived {
        if rows >= least_rows && last != Some(version) {
            return last;
        }
        (rows, last) = (rows + more, Some(version));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_version_brought_is_taken_in_at_once() {
        let files = [(3, 10), (3, 10), (4, 1), (6, 1)];
        assert_eq!(some_versions(files, 5), Some(3), "all of 3, though its first file would do");
        assert_eq!(some_versions(files, 21), Some(4));
        assert_eq!(some_versions(files, 22), None);
        assert_eq!(some_versions([], 1), None);
    }

    const DEFINITION: u64 = 7;

    fn at(version: u64) -> Option<Followed> {
        Some(Followed { version, definition: DEFINITION })
    }

    fn by_another_definition(version: u64) -> Option<Followed> {
        Some(Followed { version, definition: 8 })
    }

    fn refresh(from: Option<u64>, to: u64, quarantine_too: bool) -> Option<Refresh> {
        Some(Refresh { from, to, quarantine_too })
    }

    #[test]
    fn decisions() {
        let next =
            |bronze, silver, quarantine| next_refresh(DEFINITION, bronze, silver, quarantine);
        // The first time, the usual time, nothing to do.
        assert_eq!(next(4, None, None), refresh(None, 4, true));
        assert_eq!(next(4, at(2), at(2)), refresh(Some(2), 4, true));
        assert_eq!(next(4, at(4), at(4)), None);
        // A former run ended between the two commits.
        assert_eq!(next(6, at(2), at(4)), refresh(Some(2), 4, false));
        assert_eq!(next(6, None, at(4)), refresh(None, 4, false));
        // The definition changed: everything anew, in the same two commits.
        let other = by_another_definition;
        assert_eq!(next(4, other(4), other(4)), refresh(None, 4, true));
        assert_eq!(next(6, other(4), at(5)), refresh(None, 5, false));
        // The definition was changed and taken back between the two commits; the quarantine is gone.
        assert_eq!(next(4, at(4), other(4)), refresh(None, 4, true));
        assert_eq!(next(4, at(4), None), refresh(None, 4, true));
    }
}
