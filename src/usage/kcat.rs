//! Offsets as kcat takes them behind `-o`, and what replaces them.

/// The hint for an offset that kcat accepts as `-o`.
pub fn offset(value: &str) -> Option<String> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // A position `@TIME` in milliseconds has 13 digits.
    let is_milliseconds = |text: &str| is_number(text) && text.len() == 13;
    let (option, position) = match value {
        "stored" => {
            return Some("with `--group NAME` a run starts at the group's committed offsets".to_owned());
        }
        "beginning" | "end" | "earliest" | "latest" | "start" | "newest" => ("--from", value.to_owned()),
        _ if is_number(value.strip_prefix('-').unwrap_or(value)) => ("--from", value.to_owned()),
        _ => match value.split_once('@') {
            Some(("s", time)) if is_milliseconds(time) => ("--from", format!("@{time}")),
            Some(("e", time)) if is_milliseconds(time) => ("--to", format!("@{time}")),
            Some(_) | None => return None,
        },
    };
    Some(match option {
        "--from" => format!("use `--from {position}` to start there"),
        _ => format!("use `--to {position}` to stop there"),
    })
}
