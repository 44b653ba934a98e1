//! The conformance suite on every backend: memory, a folder, and S3 where an endpoint is given.
//!
//! For S3 set `SMELT_TEST_S3_ENDPOINT`, `SMELT_TEST_S3_BUCKET`, `SMELT_TEST_S3_KEY` and
//! `SMELT_TEST_S3_SECRET`, or run the tests below `tools/with_s3_server.sh`, which starts a server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::Write;
use std::sync::{Arc, Once};

use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode};
use smelt_lake::faults::{Fault, FaultPlan, FaultyStore};
use smelt_lake::{Commit, Lake, conformance};

/// One test for every check, on each backend.
macro_rules! checks {
    ($($check:ident)*) => {
        mod memory {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $check() {
                    super::conformance::$check(&super::Lake::in_memory()).await;
                }
            )*
        }

        mod folder {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $check() {
                    let folder = tempfile::tempdir().unwrap();
                    let lake = super::Lake::open_folder(folder.path()).unwrap();
                    super::conformance::$check(&lake).await;
                }
            )*
        }

        mod s3 {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $check() {
                    if let Some(lake) = super::s3_lake(stringify!($check)) {
                        super::conformance::$check(&lake).await;
                    }
                }
            )*
        }
    };
}

checks! {
    one_of_many_creators_wins
    an_object_is_replaced
    a_missing_object_reads_as_none
    objects_are_listed_sorted
    a_table_begins_with_its_first_commit
    a_table_may_begin_while_others_look
    a_commit_lands_on_its_base_or_not_at_all
    racing_committers_lose_nothing
    state_survives_checkpoints
    changes_are_the_touched_partitions
    a_cleaned_log_means_everything_changed
    odd_partition_values_come_back
    a_grown_schema_reads_old_files
    a_table_may_gain_a_wall_clock
    files_are_read_with_partitions_and_ordinals
    statistics_tell_bounds_of_every_type
    a_large_file_is_uploaded_in_parts
    latest_names_the_published_snapshot
}

/// A lake of its own for one check, below a prefix that no other run uses.
fn s3_lake(check: &str) -> Option<Lake> {
    static SAID: Once = Once::new();
    let given = |name: &str| std::env::var(format!("SMELT_TEST_S3_{name}"));
    let Ok(endpoint) = given("ENDPOINT") else {
        SAID.call_once(|| {
            // Past the harness, which would swallow it: a skipped backend must not look tested.
            let _ = writeln!(
                std::io::stderr(),
                "conformance: S3 is skipped; set SMELT_TEST_S3_ENDPOINT or use \
                 tools/with_s3_server.sh"
            );
        });
        return None;
    };
    let bucket = given("BUCKET").expect("SMELT_TEST_S3_BUCKET goes with the endpoint");
    let allow_http = endpoint.starts_with("http://").to_string();
    let options = [
        ("aws_endpoint", endpoint),
        ("aws_allow_http", allow_http),
        ("aws_access_key_id", given("KEY").unwrap_or_else(|_| "test".to_owned())),
        ("aws_secret_access_key", given("SECRET").unwrap_or_else(|_| "test".to_owned())),
        ("aws_region", given("REGION").unwrap_or_else(|_| "us-east-1".to_owned())),
    ];
    let options = options.map(|(name, value)| (name.to_owned(), value));
    let run = uuid::Uuid::now_v7();
    Some(Lake::open(&format!("s3://{bucket}/conformance/{run}/{check}"), options).unwrap())
}

/// A process that dies while a folder's file is half written leaves a staging file behind: nobody
/// sees it, and the next writer is not in its way.
#[tokio::test(flavor = "multi_thread")]
async fn a_half_written_file_of_a_folder_is_not_seen() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open_folder(folder.path()).unwrap();
    let table = lake.table("silver/conformance/halves".parse().unwrap()).unwrap();
    let log = folder.path().join("silver/conformance/halves/_delta_log");
    std::fs::create_dir_all(&log).unwrap();
    for version in 0..3 {
        std::fs::write(log.join(format!("{version:020}.json#1")), "{\"commitInfo\":{").unwrap();
        let base = table.snapshot().await.unwrap();
        let schema = arrow::datatypes::Schema::new(vec![arrow::datatypes::Field::new(
            "key",
            arrow::datatypes::DataType::Int64,
            true,
        )]);
        let commit = Commit {
            operation: "REFRESH",
            schema: base.is_none().then(|| schema.into()),
            ..Commit::default()
        };
        assert_eq!(table.commit(base.as_ref(), &commit).await.unwrap(), version);
        let listed = lake.list_objects("silver/conformance/halves").await.unwrap();
        assert_eq!(listed.len() as u64, version + 1);
    }
}

/// The store that fails on purpose does what its plan says, once, at the write that it names; a
/// large upload counts as one write, when it is completed.
#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_store_follows_its_plan() {
    let second = Path::from("second");
    // Fault → whether the write lands, and whether a creating one claims that the object exists.
    let cases = [
        (Fault::FailBefore, false, false),
        (Fault::LostAnswer, true, false),
        (Fault::Conflict409, false, true),
        (Fault::Precondition412, true, true),
        (Fault::Unavailable503, false, false),
    ];
    for (fault, lands, exists) in cases {
        for create in [true, false] {
            let memory: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
            let plan = FaultPlan::at(1, fault.clone());
            let store = FaultyStore::new(Arc::clone(&memory), plan);
            store.put(&Path::from("first"), "1".into()).await.unwrap();
            let failed = if create {
                store.put_opts(&second, "2".into(), PutMode::Create.into()).await.err()
            } else {
                let mut upload = store.put_multipart(&second).await.unwrap();
                upload.put_part("2".into()).await.unwrap();
                upload.complete().await.err()
            };
            let failed = failed.expect("the write with number 1 fails");
            if create {
                let claims = matches!(failed, object_store::Error::AlreadyExists { .. });
                assert_eq!(claims, exists, "{fault:?}");
            }
            assert_eq!(memory.head(&second).await.is_ok(), lands, "{fault:?}");
            store.put(&second, "3".into()).await.unwrap();
            store.delete(&second).await.unwrap();
            let kinds: Vec<&str> = store.writes().iter().map(|write| write.kind).collect();
            assert_eq!(kinds, ["put", if create { "create" } else { "upload" }, "put", "delete"]);
        }
    }
}
