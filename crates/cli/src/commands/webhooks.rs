//! `tongshi webhooks`: where apps are told of changes, what was sent there, and what was not taken.

use serde_json::json;
use tongshi_hub::{
    DeliveryPage, Hub, NewWebhook, NewWebhookSecret, Replay, WebhookChange, WebhookOwner, WebhookView,
};
use tongshi_model::{Error, Id};

use crate::{
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// Tell apps of changes: Standard Webhooks, their log and their dead letters.
#[derive(clap::Args)]
#[command(
    long_about = "Registers addresses at which apps are told of changes (Standard Webhooks), and shows what became of \
    each message. `serve` sends: each record's changes in order, each at least once, ten attempts over 75 hours. A \
    secret is shown once, when it is made."
)]
#[command(after_long_help = "\
Examples:
  tongshi webhooks add payroll https://payroll.example.com/hooks --event 'employee.*' --payload full
  tongshi webhooks list
  tongshi webhooks test ID                     send one message now and see what comes back
  tongshi webhooks dead ID                     messages that were given up
  tongshi webhooks replay ID --from-seq 100 --to-seq 250
  tongshi webhooks rotate ID                   a new secret; the old one signs beside it for a day

Exit codes: 0 done; 1 there is no such app or webhook, or the address cannot be taken; 2 the test was not taken.")]
pub(crate) struct Args {
    /// What to do
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Register an address for an app
    Add(Add),
    /// List the webhooks
    List,
    /// Show one
    Show(One),
    /// Give one a new secret
    Rotate(One),
    /// Send a test message now
    Test(One),
    /// Show what was sent, newest first
    Log(Log),
    /// Show what was given up, newest first
    Dead(One),
    /// Send messages again, under the same ids
    Replay(Again),
    /// Switch one on; it goes on where it was
    Enable(One),
    /// Switch one off
    Disable(One),
    /// Remove one with all that waits for it
    Remove(One),
}

#[derive(clap::Args)]
struct Add {
    /// The app that is told
    app: String,
    /// Where messages go
    url: String,
    /// Which events: employee.created, employee.*, * for all [default *]
    #[arg(long = "event", value_name = "EVENT")]
    events: Vec<String>,
    /// How much a message says: thin (which record, which fields) or full (documents, too)
    #[arg(long, value_parser = ["thin", "full"], default_value = "thin")]
    payload: String,
    /// What to call it; by default the address's host
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

#[derive(clap::Args)]
struct One {
    /// The webhook's id
    id: Id,
}

#[derive(clap::Args)]
struct Log {
    /// The webhook's id
    id: Id,
    /// Only those in this state
    #[arg(long, value_parser = ["waiting", "delivered", "dead"])]
    state: Option<String>,
    /// The `next` of the page before
    #[arg(long)]
    after: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

#[derive(clap::Args)]
struct Again {
    /// The webhook's id
    id: Id,
    /// A message's id
    #[arg(long = "message", value_name = "ID", conflicts_with_all = ["from_seq", "to_seq"])]
    messages: Vec<String>,
    /// The first change
    #[arg(long, requires = "to_seq", required_unless_present = "messages")]
    from_seq: Option<i64>,
    /// The last change
    #[arg(long, requires = "from_seq")]
    to_seq: Option<i64>,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    let owner = WebhookOwner::operator(&workspace, "cli");
    match args.action {
        Action::Add(add) => self::add(program, &hub, &owner, &workspace, add).await?,
        Action::List => list(program, &hub.webhooks(&owner).await?)?,
        Action::Show(One { id }) => show(program, &hub.webhook(&owner, id).await?)?,
        Action::Rotate(One { id }) => secret(program, &hub.rotate_webhook(&owner, id).await?)?,
        Action::Test(One { id }) => return test(program, &hub, &owner, id).await,
        Action::Log(Log { id, state, after, limit }) => {
            let page = hub.webhook_deliveries(&owner, id, state.as_deref(), after.as_deref(), limit).await?;
            log(program, &page)?;
        }
        Action::Dead(One { id }) => {
            log(program, &hub.webhook_deliveries(&owner, id, Some("dead"), None, 1000).await?)?;
        }
        Action::Replay(Again { id, messages, from_seq, to_seq }) => {
            let replay = match (from_seq, to_seq) {
                (Some(from_seq), Some(to_seq)) => Replay::Changes { from_seq, to_seq },
                _ => Replay::Ids(messages),
            };
            let replayed = hub.replay_webhook(&owner, id, replay).await?;
            if program.json {
                print::json(&replayed)?;
            } else {
                print::line(format!("{} go again.", print::count(replayed.replayed, "message", "messages")))?;
            }
        }
        Action::Enable(One { id }) => switch(program, &hub, &owner, id, true).await?,
        Action::Disable(One { id }) => switch(program, &hub, &owner, id, false).await?,
        Action::Remove(One { id }) => {
            hub.remove_webhook(&owner, id).await?;
            if program.json {
                print::json(&json!({ "id": id, "removed": true }))?;
            } else {
                print::line("The webhook is removed.")?;
            }
        }
    }
    Ok(Exit::Done)
}

async fn add(
    program: &Program,
    hub: &Hub,
    owner: &WebhookOwner,
    workspace: &tongshi_hub::Workspace,
    add: Add,
) -> Result<(), Failure> {
    let all = hub.apps(workspace).await?;
    let app = all.into_iter().find(|app| app.name == add.app);
    let app = app.ok_or_else(|| Error::not_found(format!("there is no app '{}'", add.app)))?;
    let events = if add.events.is_empty() { vec!["*".to_owned()] } else { add.events };
    let new = NewWebhook { name: add.name, url: add.url, events, full: add.payload == "full" };
    secret(program, &hub.create_webhook(owner, app.id, new).await?)
}

fn secret(program: &Program, made: &NewWebhookSecret) -> Result<(), Failure> {
    if program.json {
        return print::json(&json!({ "webhook": made.webhook, "secret": made.secret.expose() }));
    }
    print::line(format!("The webhook '{}' is {}.", made.webhook.name, made.webhook.id))?;
    print::line(format!("Its secret is shown this once:\n  {}", made.secret.expose()))
}

fn state(webhook: &WebhookView) -> String {
    match (&webhook.disabled_reason, webhook.failing_since) {
        (Some(reason), _) => format!("off: {reason}"),
        (None, Some(since)) => format!("failing since {}", print::time(since)),
        (None, None) => "on".to_owned(),
    }
}

fn list(program: &Program, webhooks: &[WebhookView]) -> Result<(), Failure> {
    if program.json {
        return print::json(&webhooks);
    }
    if webhooks.is_empty() {
        return print::line("No webhooks yet; make one with `tongshi webhooks add`.");
    }
    let rows = webhooks.iter().map(|webhook| {
        [
            webhook.id.to_string(),
            webhook.name.clone(),
            webhook.manner.clone(),
            webhook.position.to_string(),
            webhook.waiting.to_string(),
            state(webhook),
        ]
    });
    print::line(print::table(["webhook", "name", "manner", "up to change", "waiting", "state"], rows))
}

fn show(program: &Program, webhook: &WebhookView) -> Result<(), Failure> {
    if program.json {
        return print::json(webhook);
    }
    let rows = [
        ["name".to_owned(), webhook.name.clone()],
        ["address".to_owned(), webhook.url.clone()],
        ["events".to_owned(), webhook.events.to_string()],
        ["payload".to_owned(), webhook.payload.clone()],
        ["manner".to_owned(), webhook.manner.clone()],
        ["up to change".to_owned(), webhook.position.to_string()],
        ["waiting".to_owned(), webhook.waiting.to_string()],
        ["state".to_owned(), state(webhook)],
        ["created (UTC)".to_owned(), print::time(webhook.created_at)],
    ];
    print::line(print::table(["webhook", &webhook.id.to_string()], rows))
}

async fn test(program: &Program, hub: &Hub, owner: &WebhookOwner, id: Id) -> Result<Exit, Failure> {
    let tested = hub.test_webhook(owner, id).await?;
    if program.json {
        print::json(&tested)?;
    } else {
        let error = tested.error.as_deref().unwrap_or_default();
        let text =
            if tested.delivered { "It was taken.".to_owned() } else { format!("It was not taken: {error}.") };
        print::line(print::clean(&text))?;
    }
    Ok(if tested.delivered { Exit::Done } else { Exit::Incomplete })
}

fn log(program: &Program, page: &DeliveryPage) -> Result<(), Failure> {
    if program.json {
        return print::json(page);
    }
    if page.data.is_empty() {
        return print::line("No messages.");
    }
    let rows = page.data.iter().map(|row| {
        [
            row.id.clone(),
            row.topic.clone(),
            row.state.to_owned(),
            row.attempts.to_string(),
            row.next_at.map(print::time).unwrap_or_default(),
            row.error.clone().unwrap_or_default(),
        ]
    });
    print::line(print::table(["message", "event", "state", "attempts", "next (UTC)", "why"], rows))?;
    match &page.next {
        Some(next) => print::line(format!("There are more: --after {next}")),
        None => Ok(()),
    }
}

async fn switch(
    program: &Program,
    hub: &Hub,
    owner: &WebhookOwner,
    id: Id,
    enabled: bool,
) -> Result<(), Failure> {
    let change = WebhookChange { enabled: Some(enabled), ..WebhookChange::default() };
    let webhook = hub.change_webhook(owner, id, change).await?;
    if program.json {
        return print::json(&webhook);
    }
    print::line(format!("The webhook '{}' is {}.", webhook.name, state(&webhook)))
}
