//! How much memory there is makes no difference to what comes out.

use smelt_lake::Lake;
use smelt_stages::{ingest_files, refresh_dataset};

use super::runtime;
use crate::support::{Contents, Input, nyc311, platform_within, uploads};

const PLENTY: usize = 1 << 30;
/// A month of the input is several times the share that a worker has of this.
const LITTLE: usize = 32 << 20;

/// Half of the files onto nothing, then the others onto what silver has.
async fn in_two_runs(input: &Input, memory_bytes: usize) -> Contents {
    let lake = Lake::in_memory();
    for files in input.files.chunks(input.files.len().div_ceil(2)) {
        let platform = platform_within(lake.clone(), 3, memory_bytes);
        let dataset = nyc311(&platform);
        ingest_files(&platform, dataset, &dataset.tables[0], uploads(files)).await.unwrap();
        refresh_dataset(&platform, dataset).await.unwrap();
    }
    Contents::read(&platform_within(lake, 2, PLENTY)).await
}

#[test]
fn little_memory_gives_the_same_as_plenty() {
    let input = Input::simulate(70, 600, 4);
    runtime().block_on(async {
        let expected = in_two_runs(&input, PLENTY).await;
        assert!(expected.rows("silver").len() > 30_000);
        let found = in_two_runs(&input, LITTLE).await;
        assert_eq!(found.difference(&expected), None);
    });
}
