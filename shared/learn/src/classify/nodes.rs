//! Trees as we store them: several times smaller than the library's, and readable whatever version of
//! it comes next, which it does not promise of its own.

use serde::{Deserialize, Serialize};

use crate::LearnError;

/// A tree as three lists of equal length, one entry for each node, each node before its children.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Lists", into = "Lists")]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Node {
    /// The share of high rows.
    Leaf(f32),
    /// On to the next node if the feature is at most the threshold, else to node `other`.
    Split { feature: u16, threshold: f32, other: u32 },
}

/// The stored form. A leaf has `other` 0.
#[derive(Serialize, Deserialize)]
struct Lists {
    feature: Vec<u16>,
    value: Vec<f32>,
    other: Vec<u32>,
}

/// A node as the library serializes it.
#[derive(Debug, Deserialize)]
pub(super) struct GrownNode {
    output: f64,
    split_feature: usize,
    split_value: Option<f64>,
    true_child: Option<usize>,
    false_child: Option<usize>,
}

#[derive(Deserialize)]
struct GrownForest {
    forest_regressor: GrownTrees,
}

#[derive(Deserialize)]
struct GrownTrees {
    trees: [GrownTree; 1],
}

#[derive(Deserialize)]
struct GrownTree {
    nodes: Vec<GrownNode>,
}

/// The nodes of a forest of one tree, which the library shows in its serialized form only.
pub(super) fn grown_nodes(grown: &impl Serialize) -> Result<Vec<GrownNode>, LearnError> {
    // By way of a value, not of a text: numbers stay what they are to the last bit.
    let forest: GrownForest = serde_json::to_value(grown)
        .and_then(serde_json::from_value)
        .map_err(|error| LearnError::Library(error.to_string()))?;
    let [tree] = forest.forest_regressor.trees;
    Ok(tree.nodes)
}

impl Tree {
    pub(super) fn of(grown: &[GrownNode]) -> Result<Self, LearnError> {
        let mut tree = Self { nodes: Vec::with_capacity(grown.len()) };
        // Nodes still to come, each with the split of which it is the other child.
        let mut open: Vec<(usize, Option<usize>)> = vec![(0, None)];
        while let Some((number, parent)) = open.pop() {
            let unexpected = || LearnError::Library("a tree is other than expected".to_owned());
            let node = grown.get(number).ok_or_else(unexpected)?;
            let here = tree.nodes.len();
            if here >= grown.len() {
                return Err(unexpected());
            }
            if let Some(Node::Split { other, .. }) =
                parent.and_then(|parent| tree.nodes.get_mut(parent))
            {
                *other = u32::try_from(here).map_err(|_| unexpected())?;
            }
            match (node.split_value, node.true_child, node.false_child) {
                (Some(split), Some(yes), Some(no)) => {
                    let feature = u16::try_from(node.split_feature).map_err(|_| unexpected())?;
                    tree.nodes.push(Node::Split { feature, threshold: at_most(split), other: 0 });
                    open.push((no, Some(here)));
                    open.push((yes, None));
                }
                _ => tree.nodes.push(Node::Leaf((node.output as f32).clamp(0.0, 1.0))),
            }
        }
        Ok(tree)
    }

    /// What the leaf says that the features lead to, 0 to 1.
    pub(super) fn predict(&self, features: &[f32]) -> f32 {
        let mut here = 0;
        // A node's children come after it, so this ends.
        while let Some(node) = self.nodes.get(here) {
            match *node {
                Node::Leaf(share) => return share,
                Node::Split { feature, threshold, other } => {
                    let yes = features.get(usize::from(feature)).is_some_and(|x| *x <= threshold);
                    here = if yes { here + 1 } else { other as usize };
                }
            }
        }
        0.0
    }
}

/// The largest number in single precision that is not above: it splits numbers in single precision in
/// the same way.
fn at_most(split: f64) -> f32 {
    let near = split as f32;
    if f64::from(near) > split { near.next_down() } else { near }
}

impl From<Tree> for Lists {
    fn from(tree: Tree) -> Self {
        let parts = |node: &Node| match *node {
            Node::Leaf(share) => (0, share, 0),
            Node::Split { feature, threshold, other } => (feature, threshold, other),
        };
        let mut lists = Self { feature: Vec::new(), value: Vec::new(), other: Vec::new() };
        for (feature, value, other) in tree.nodes.iter().map(parts) {
            lists.feature.push(feature);
            lists.value.push(value);
            lists.other.push(other);
        }
        lists
    }
}

impl TryFrom<Lists> for Tree {
    type Error = String;

    fn try_from(lists: Lists) -> Result<Self, String> {
        let count = lists.value.len();
        if count == 0 || lists.feature.len() != count || lists.other.len() != count {
            return Err("a tree's lists are empty or of different lengths".to_owned());
        }
        let nodes: Result<Vec<Node>, String> = (0..count)
            .map(|here| {
                let (feature, value, other) =
                    (lists.feature[here], lists.value[here], lists.other[here]);
                if other == 0 {
                    return if (0.0..=1.0).contains(&value) {
                        Ok(Node::Leaf(value))
                    } else {
                        Err(format!("leaf {here} of a tree says {value}, which is no probability"))
                    };
                }
                if other as usize <= here + 1 || other as usize >= count {
                    return Err(format!("node {here} of a tree goes on to node {other}"));
                }
                Ok(Node::Split { feature, threshold: value, other })
            })
            .collect();
        let nodes = nodes?;
        match nodes.last() {
            Some(Node::Leaf(_)) => Ok(Self { nodes }),
            _ => Err("the last node of a tree is no leaf".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(output: f64) -> GrownNode {
        GrownNode {
            output,
            split_feature: 0,
            split_value: None,
            true_child: None,
            false_child: None,
        }
    }

    fn split(feature: usize, value: f64, yes: usize, no: usize) -> GrownNode {
        GrownNode {
            output: 0.5,
            split_feature: feature,
            split_value: Some(value),
            true_child: Some(yes),
            false_child: Some(no),
        }
    }

    #[test]
    fn trees_are_followed_and_stored() {
        // The library numbers nodes by level.
        let grown = [split(0, 1.5, 1, 2), leaf(0.25), split(1, 0.1, 3, 4), leaf(0.5), leaf(1.0)];
        let tree = Tree::of(&grown).unwrap();
        let wanted = [([1.5, 9.0], 0.25), ([1.6, 0.0], 0.5), ([1.6, 0.2], 1.0)];
        for (features, share) in wanted {
            assert_eq!(tree.predict(&features), share);
        }
        let json = serde_json::to_string(&tree).unwrap();
        assert_eq!(serde_json::from_str::<Tree>(&json).unwrap(), tree);
    }

    #[test]
    fn thresholds_split_as_before() {
        let below = 0.1_f32;
        let above = below.next_up();
        let between = f64::from(above) - 1e-12;
        assert!(f64::from(below) < between && between < f64::from(above));
        assert_eq!(at_most(between), below);
        assert_eq!(at_most(f64::from(above)), above);
    }

    #[test]
    fn trees_that_do_not_end_are_refused() {
        for json in [
            r#"{"feature":[],"value":[],"other":[]}"#,
            r#"{"feature":[0],"value":[0.5],"other":[1]}"#,
            r#"{"feature":[0,0,0],"value":[0.5,0.1,0.2],"other":[1,0,0]}"#,
            r#"{"feature":[0,0,0],"value":[0.5,0.1,0.2],"other":[3,0,0]}"#,
            r#"{"feature":[0,0,0],"value":[0.5,7.0,0.2],"other":[2,0,0]}"#,
            r#"{"feature":[0,0],"value":[0.5],"other":[0,0]}"#,
        ] {
            assert!(serde_json::from_str::<Tree>(json).is_err(), "{json}");
        }
        assert!(Tree::of(&[split(0, 1.0, 0, 0)]).is_err());
        assert!(Tree::of(&[split(0, 1.0, 1, 9), leaf(0.0)]).is_err());
    }
}
