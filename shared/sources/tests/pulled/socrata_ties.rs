//! Rows that share their update times, on pages of every size.

use std::collections::BTreeSet;

use proptest::prelude::*;
use smelt_sources::Source;

use crate::portal::{
    RESOURCE, definition, keys, keys_once, last_cursor, open, pull, row, serve, since,
};

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_row_comes_once_whatever_the_ties(
        seconds in prop::collection::vec(0_u32..6, 0..60),
        page_rows in 1_u32..12,
    ) {
        run(async {
            let rows = seconds.iter().zip(0..).map(|(second, number)| row(number, *second)).collect();
            let server = serve(rows).await;
            let pages = pull(&open(&server, &definition(page_rows, 0)), since(None)).await.unwrap();
            assert_eq!(keys_once(&pages).len(), seconds.len());
        });
    }

    /// Rows become visible between any two pages, with update times that the pull has passed; a
    /// pull that breaks off is taken up again from the cursor of its last page.
    #[test]
    fn with_an_overlap_no_row_is_lost(
        before in prop::collection::vec(0_u32..6, 1..30),
        late in prop::collection::vec((0_u32..6, 0_usize..8), 1..12),
        page_rows in 1_u32..8,
        pages_per_pull in 1_usize..6,
    ) {
        run(async {
            let first_rows: Vec<_> =
                before.iter().zip(0..).map(|(second, number)| row(number, *second)).collect();
            let server = serve(first_rows).await;
            let source = open(&server, &definition(page_rows, 6));
            let mut seen: BTreeSet<String> = BTreeSet::new();
            let (mut cursor, mut page_number) = (None, 0);
            // Eight pulls that break off, then two that do not.
            let limits = std::iter::repeat_n(pages_per_pull, 8).chain([usize::MAX; 2]);
            for limit in limits {
                let mut pages = source.pull(since(cursor.clone())).await.unwrap();
                for _ in 0..limit {
                    let Some(page) = pages.next().await.unwrap() else { break };
                    cursor = last_cursor(std::slice::from_ref(&page));
                    seen.extend(keys(std::slice::from_ref(&page)));
                    server.update(RESOURCE, |rows| {
                        for (second, _) in late.iter().filter(|(_, at)| *at == page_number) {
                            rows.push(row(rows.len() as u64, *second));
                        }
                    });
                    page_number += 1;
                }
            }
            let mut visible = BTreeSet::new();
            server.update(RESOURCE, |rows| {
                visible = rows.iter().map(|row| row["unique_key"].as_str().unwrap().to_owned()).collect();
            });
            assert_eq!(seen, visible);
        });
    }
}
