//! `tongshi call`: any operation of a vendor, by its name, with fields as given.

use std::io::Write as _;

use serde_json::{Map, Value, json};
use tongshi_dialect::Reply;

use crate::{
    commands::connect,
    exit::{Exit, Failure},
    pairs, print,
    program::Program,
};

/// Call an operation of a vendor and show what comes back.
#[derive(clap::Args)]
#[command(
    long_about = "Calls an operation of a vendor through a connection, signed and paced like every other call, \
    and prints status, headers and body as they came. Fields go where the vendor wants them: path, query, form or \
    body. Careful: an operation that writes writes."
)]
#[command(after_long_help = "\
Examples:
  tongshi call --list zhiren                       the operations, with their paths
  tongshi call hr department.list
  tongshi call hr employee.get --field key=E0007 --field token=TOKEN
  tongshi call hr employee.list --fields '{\"token\":\"TOKEN\",\"name\":\"张三\"}' --json | jq .body

Exit codes: 0 the vendor answered with success; 1 there is no such connection or operation; 2 the vendor refused; \
    4 it refused the credentials; 5 it cannot be reached.")]
pub(crate) struct Args {
    /// The connection
    #[arg(required_unless_present = "list")]
    connection: Option<String>,
    /// The operation's name
    #[arg(required_unless_present = "list")]
    operation: Option<String>,
    /// A field: k=text or k:=json
    #[arg(long = "field", value_name = "K=V")]
    field: Vec<String>,
    /// All fields as one JSON object
    #[arg(long, value_name = "JSON")]
    fields: Option<String>,
    /// List the operations of this dialect
    #[arg(long, value_name = "DIALECT", conflicts_with_all = ["connection", "operation"])]
    list: Option<String>,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    if let Some(id) = &args.list {
        return list(program, id);
    }
    let (Some(connection), Some(operation)) = (args.connection, args.operation) else {
        return Err(
            Failure::usage("a connection and an operation are wanted").mend("see `tongshi call --help`")
        );
    };
    let mut fields = match args.fields {
        Some(text) => serde_json::from_str::<Map<String, Value>>(&text).map_err(|error| {
            Failure::usage(format!("--fields is no JSON object: {error}"))
                .mend("write it as --fields '{\"k\":\"v\"}'")
        })?,
        None => Map::new(),
    };
    fields.extend(pairs::fields("--field", &args.field)?);
    let (hub, workspace) = program.open().await?;
    let reply = hub.call(&workspace, &connection, &operation, fields).await?;
    show(program, &reply)?;
    Ok(match reply.status.as_u16() {
        ..=399 => Exit::Done,
        401 | 403 => Exit::Refused,
        _ => Exit::Incomplete,
    })
}

fn show(program: &Program, reply: &Reply) -> Result<(), Failure> {
    let headers =
        reply.headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())));
    if program.json {
        let headers: Map<String, Value> =
            headers.map(|(name, value)| (name.to_owned(), value.into())).collect();
        let body = serde_json::from_slice::<Value>(&reply.body)
            .unwrap_or_else(|_| String::from_utf8_lossy(&reply.body).into());
        return print::json(&json!({ "status": reply.status.as_u16(), "headers": headers, "body": body }));
    }
    print::line(format!("HTTP {}", reply.status))?;
    for (name, value) in headers {
        print::line(format!("{name}: {}", print::clean(&value)))?;
    }
    print::line("")?;
    match serde_json::from_slice::<Value>(&reply.body) {
        Ok(body) => print::json(&body),
        Err(_) => {
            std::io::stdout().lock().write_all(&reply.body)?;
            print::line("")
        }
    }
}

fn list(program: &Program, id: &str) -> Result<Exit, Failure> {
    let dialect = connect::dialect(id)?;
    if program.json {
        print::json(&dialect.operations)?;
        return Ok(Exit::Done);
    }
    let rows = dialect.operations.iter().map(|operation| {
        [
            operation.name.to_owned(),
            operation.method.to_owned(),
            operation.path.to_owned(),
            operation.contract.name().to_owned(),
        ]
    });
    print::line(print::table(["operation", "method", "path", "contract"], rows))?;
    Ok(Exit::Done)
}
