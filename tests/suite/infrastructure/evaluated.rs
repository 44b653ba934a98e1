//! What Terraform computes of an expression, as far as schedules need it: its functions, and what stands in a file.
//!
//! Arguments are computed before a function is called, so `can` and `try` cannot catch an error here: `regex` is null
//! where nothing is found, and `try` takes its first argument.

use hcl::Value;
use hcl::eval::{Context, Evaluate, Func, FuncArgs, FuncDef, ParamType};
use hcl::expr::Expression;
use regex::Regex;

type Answer = Result<Value, String>;

const FUNCTIONS: [(&str, Func); 20] = [
    ("alltrue", alltrue),
    ("can", |args| Ok((!args[0].is_null()).into())),
    ("distinct", distinct),
    ("flatten", |args| Ok(Value::Array(flattened(list(&args[0])?)))),
    ("format", format),
    ("index", index),
    ("join", join),
    ("jsonencode", |args| {
        serde_json::to_string(&args[0]).map(Value::from).map_err(|e| e.to_string())
    }),
    ("length", length),
    ("merge", merge),
    ("range", range),
    ("regex", |args| Ok(found(&args)?.first().cloned().unwrap_or(Value::Null))),
    ("regexall", |args| found(&args).map(Value::Array)),
    ("replace", |args| Ok(text(&args[0])?.replace(text(&args[1])?, text(&args[2])?).into())),
    ("slice", slice),
    ("split", split),
    ("substr", substr),
    ("tonumber", |args| text(&args[0])?.parse::<u64>().map(Value::from).map_err(|e| e.to_string())),
    ("try", |args| Ok(args[0].clone())),
    ("upper", |args| Ok(text(&args[0])?.to_uppercase().into())),
];

/// The value of an expression where these names have these values, such as `local` and `var`.
pub(super) fn value(expression: &Expression, names: &serde_json::Value) -> serde_json::Value {
    let mut context = Context::new();
    for (name, function) in FUNCTIONS {
        context
            .declare_func(name, FuncDef::builder().variadic_param(ParamType::Any).build(function));
    }
    for (name, value) in names.as_object().unwrap() {
        let value: Value = serde_json::from_value(value.clone()).unwrap();
        context.declare_var(name.as_str(), value);
    }
    let value = expression.evaluate(&context);
    serde_json::to_value(value.unwrap_or_else(|error| panic!("{error}"))).unwrap()
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("{value} is no text"))
}

fn list(value: &Value) -> Result<&[Value], String> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| format!("{value} is no list"))
}

fn number(value: &Value) -> Result<usize, String> {
    let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| format!("{value} is no number"))
}

fn alltrue(args: FuncArgs) -> Answer {
    Ok(list(&args[0])?.iter().all(|value| value.as_bool() == Some(true)).into())
}

fn distinct(args: FuncArgs) -> Answer {
    let mut seen: Vec<Value> = Vec::new();
    for value in list(&args[0])? {
        if !seen.contains(value) {
            seen.push(value.clone());
        }
    }
    Ok(Value::Array(seen))
}

fn flattened(values: &[Value]) -> Vec<Value> {
    let of_one = |value: &Value| match value {
        Value::Array(inner) => flattened(inner),
        other => vec![other.clone()],
    };
    values.iter().flat_map(of_one).collect()
}

/// `%s` only.
fn format(args: FuncArgs) -> Answer {
    let mut filled = text(&args[0])?.to_owned();
    for value in &args[1..] {
        filled = filled.replacen("%s", text(value)?, 1);
    }
    Ok(filled.into())
}

fn index(args: FuncArgs) -> Answer {
    let found = list(&args[0])?.iter().position(|value| *value == args[1]);
    found.map(Value::from).ok_or_else(|| format!("{} is not in the list", args[1]))
}

fn join(args: FuncArgs) -> Answer {
    let texts: Result<Vec<&str>, String> = list(&args[1])?.iter().map(text).collect();
    Ok(texts?.join(text(&args[0])?).into())
}

fn length(args: FuncArgs) -> Answer {
    Ok(list(&args[0])?.len().into())
}

fn merge(args: FuncArgs) -> Answer {
    let mut merged = hcl::Map::new();
    for value in args.iter() {
        let fields = value.as_object().ok_or_else(|| format!("{value} is no object"))?;
        merged.extend(fields.clone());
    }
    Ok(Value::Object(merged))
}

fn range(args: FuncArgs) -> Answer {
    let (from, to) = match args.as_slice() {
        [to] => (0, number(to)?),
        [from, to] => (number(from)?, number(to)?),
        other => return Err(format!("range of {} arguments", other.len())),
    };
    Ok(Value::Array((from..to).map(Value::from).collect()))
}

/// Everything in a text that is of a pattern.
fn found(args: &FuncArgs) -> Result<Vec<Value>, String> {
    let pattern = Regex::new(text(&args[0])?).map_err(|error| error.to_string())?;
    Ok(pattern.find_iter(text(&args[1])?).map(|found| Value::from(found.as_str())).collect())
}

fn slice(args: FuncArgs) -> Answer {
    let (values, from, to) = (list(&args[0])?, number(&args[1])?, number(&args[2])?);
    values.get(from..to).map(|part| Value::Array(part.to_vec())).ok_or("too short".to_owned())
}

fn split(args: FuncArgs) -> Answer {
    Ok(Value::Array(text(&args[1])?.split(text(&args[0])?).map(Value::from).collect()))
}

fn substr(args: FuncArgs) -> Answer {
    let (from, length) = (number(&args[1])?, number(&args[2])?);
    Ok(text(&args[0])?.chars().skip(from).take(length).collect::<String>().into())
}
