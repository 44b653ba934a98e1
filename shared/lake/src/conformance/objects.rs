use std::collections::BTreeSet;

use tokio::task::JoinSet;

use crate::Lake;

/// Of many tries at once to create an object exactly one wins, and its bytes stay.
pub async fn one_of_many_creators_wins(lake: &Lake) {
    for round in 0..8 {
        let path = format!("objects/created/{round}");
        let mut tries = JoinSet::new();
        for number in 0..16 {
            let (lake, path) = (lake.clone(), path.clone());
            tries.spawn(async move {
                let bytes = format!("try {number}").into_bytes();
                lake.create_object(&path, bytes.clone()).await.unwrap().then_some(bytes)
            });
        }
        let winners: Vec<Vec<u8>> = tries.join_all().await.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "round {round}");
        assert_eq!(lake.get_object(&path).await.unwrap().as_ref(), winners.first());
    }
}

/// A put replaces what is there, whether longer or shorter.
pub async fn an_object_is_replaced(lake: &Lake) {
    for bytes in ["first", "a longer second", "3", ""] {
        lake.put_object("objects/replaced", bytes.into()).await.unwrap();
        let found = lake.get_object("objects/replaced").await.unwrap();
        assert_eq!(found.as_deref(), Some(bytes.as_bytes()));
    }
    assert!(!lake.create_object("objects/replaced", b"late".to_vec()).await.unwrap());
}

/// An object that does not exist is no error, and neither is a listing without objects.
pub async fn a_missing_object_reads_as_none(lake: &Lake) {
    assert_eq!(lake.get_object("objects/missing").await.unwrap(), None);
    assert_eq!(lake.list_objects("objects/missing").await.unwrap(), []);
}

/// A listing is sorted by path, reaches into folders, has every object once however many there
/// are, and stops at the folder's end.
pub async fn objects_are_listed_sorted(lake: &Lake) {
    let mut expected = BTreeSet::new();
    let mut puts = JoinSet::new();
    let many = (0..1_050).map(|number| format!("objects/listed/many/{number}"));
    let odd = ["b", "a/z", "a/b/c", "A", "with space", "ä", "100%", "x=1", "a+b", "a&b"];
    for path in many.chain(odd.map(|name| format!("objects/listed/{name}"))) {
        expected.insert(path.clone());
        let lake = lake.clone();
        puts.spawn(async move { lake.put_object(&path, b"1".to_vec()).await.unwrap() });
    }
    puts.join_all().await;
    lake.put_object("objects/listed-not/a", b"1".to_vec()).await.unwrap();

    let listed = lake.list_objects("objects/listed").await.unwrap();
    let paths: Vec<String> = listed.iter().map(|object| object.location.to_string()).collect();
    assert_eq!(paths, expected.into_iter().collect::<Vec<_>>());
    assert!(listed.iter().all(|object| object.size == 1));
}
