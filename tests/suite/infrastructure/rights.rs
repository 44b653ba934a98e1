//! Roles, notifications and functions are made of the map of functions as it is meant: what it calls reads may be
//! read, what it calls writes may be written, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use hcl::expr::Expression;
use hcl::{Block, Body};

use super::{expression, module, texts};

/// The block of a file with this type and these labels.
pub(super) fn block(body: &Body, identifier: &str, labels: &[&str]) -> Body {
    let is_it = |block: &&Block| {
        let found: Vec<&str> = block.labels().iter().map(|label| label.as_str()).collect();
        block.identifier() == identifier && found == labels
    };
    let found = body.blocks().find(is_it);
    found.map(|block| block.body().clone()).unwrap_or_else(|| panic!("no {identifier} {labels:?}"))
}

pub(super) fn attribute(body: &Body, name: &str) -> Expression {
    let found = body.attributes().find(|attribute| attribute.key() == name);
    found.map(|attribute| attribute.expr().clone()).unwrap_or_else(|| panic!("no {name}: {body:?}"))
}

/// Statements of the functions' policy by their ids, whether they are for all functions or for some.
fn statements() -> BTreeMap<String, Body> {
    let policy = block(&module("smelt/iam.tf"), "data", &["aws_iam_policy_document", "function"]);
    let statements = policy.blocks().filter_map(|found| match found.identifier() {
        "statement" => Some(found.body().clone()),
        "dynamic" => Some(block(found.body(), "content", &[])),
        _ => None,
    });
    statements.map(|body| (super::text(&attribute(&body, "sid")), body)).collect()
}

#[test]
fn roles_may_do_what_the_map_of_functions_says() {
    let statements = statements();
    let objects = |field: &str| {
        format!(
            "[for prefix in each.value.{field} : \"${{aws_s3_bucket.data.arn}}/${{prefix}}/*\"]"
        )
    };
    let expected = [
        ("Read", vec!["s3:GetObject"], objects("reads")),
        ("List", vec!["s3:ListBucket"], "[aws_s3_bucket.data.arn]".to_owned()),
        ("Write", vec!["s3:PutObject", "s3:AbortMultipartUpload"], objects("writes")),
        ("Delete", vec!["s3:DeleteObject"], objects("deletes")),
        (
            "Wake",
            vec!["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            "[aws_sqs_queue.wake[each.key].arn]".to_owned(),
        ),
        (
            "Send",
            vec!["sqs:SendMessage"],
            "[for name in each.value.sends : aws_sqs_queue.wake[name].arn]".to_owned(),
        ),
        ("Failed", vec!["sqs:SendMessage"], "[aws_sqs_queue.failed.arn]".to_owned()),
        ("Publish", vec!["sns:Publish"], "[aws_sns_topic.alerts.arn]".to_owned()),
    ];
    for (id, actions, resources) in &expected {
        let statement = &statements[*id];
        let actions: BTreeSet<String> = actions.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(texts(&attribute(statement, "actions")), actions, "{id}");
        assert_eq!(attribute(statement, "resources"), expression(resources), "{id}");
    }
    // Nothing else touches the lake, wakes a function or tells anybody.
    for (id, statement) in &statements {
        let actions = texts(&attribute(statement, "actions"));
        let of_services = ["s3:", "sqs:", "sns:"];
        let touches =
            actions.iter().any(|it| of_services.iter().any(|start| it.starts_with(start)));
        assert_eq!(touches, expected.iter().any(|(known, ..)| known == id), "{id}: {actions:?}");
    }
    let condition = block(&statements["List"], "condition", &[]);
    let listed = "[for prefix in sort(distinct(concat(each.value.reads, each.value.writes))) : \"${prefix}/*\"]";
    assert_eq!(attribute(&condition, "values"), expression(listed));
}

#[test]
fn each_function_has_its_role_and_its_variables() {
    let iam = module("smelt/iam.tf");
    let policy = block(&iam, "resource", &["aws_iam_role_policy", "function"]);
    let functions = expression("local.functions");
    assert_eq!(attribute(&policy, "for_each"), functions);
    assert_eq!(attribute(&policy, "role"), expression("aws_iam_role.function[each.key].id"));
    let document = expression("data.aws_iam_policy_document.function[each.key].json");
    assert_eq!(attribute(&policy, "policy"), document);

    let lambda = module("smelt/lambda.tf");
    let function = block(&lambda, "resource", &["aws_lambda_function", "this"]);
    assert_eq!(attribute(&function, "for_each"), functions);
    assert_eq!(attribute(&function, "role"), expression("aws_iam_role.function[each.key].arn"));
    let environment = block(&function, "environment", &[]);
    let variables = expression("merge(local.common_environment, each.value.environment)");
    assert_eq!(attribute(&environment, "variables"), variables);
}

#[test]
fn notifications_are_those_of_the_map_of_functions() {
    let notifications = module("smelt/notifications.tf");
    let resources: Vec<&Block> = notifications.blocks().collect();
    assert_eq!(resources.len(), 1, "a second configuration would overwrite the first");
    let dynamic = block(resources[0].body(), "dynamic", &["queue"]);
    let wakes = "flatten([for name, f in local.woken : \
                 [for wake in f.wakes : { name = name, prefix = wake.prefix, suffix = wake.suffix }]])";
    assert_eq!(attribute(&dynamic, "for_each"), expression(wakes));
    let content = block(&dynamic, "content", &[]);
    for (name, expected) in [
        ("queue_arn", "aws_sqs_queue.wake[queue.value.name].arn"),
        ("events", "[\"s3:ObjectCreated:*\"]"),
        ("filter_prefix", "queue.value.prefix"),
        ("filter_suffix", "queue.value.suffix"),
    ] {
        assert_eq!(attribute(&content, name), expression(expected), "{name}");
    }
    // And each queue calls the function that has its name.
    let mapping =
        block(&module("smelt/lambda.tf"), "resource", &["aws_lambda_event_source_mapping", "wake"]);
    let arn = |text: &str| expression(text);
    assert_eq!(attribute(&mapping, "event_source_arn"), arn("aws_sqs_queue.wake[each.key].arn"));
    assert_eq!(attribute(&mapping, "function_name"), arn("aws_lambda_alias.live[each.key].arn"));
}
