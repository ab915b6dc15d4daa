//! The commands, one a file. Each has its arguments, its help with examples, and `run`.

pub(crate) mod app;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod call;
pub(crate) mod changes;
pub(crate) mod config;
pub(crate) mod connect;
pub(crate) mod connections;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod flow;
pub(crate) mod generate;
pub(crate) mod key;
pub(crate) mod migrate;
pub(crate) mod owners;
pub(crate) mod people;
pub(crate) mod privacy;
pub(crate) mod quota;
pub(crate) mod records;
pub(crate) mod report;
pub(crate) mod requests;
pub(crate) mod restore;
pub(crate) mod retention;
pub(crate) mod routes;
pub(crate) mod runs;
pub(crate) mod serve;
pub(crate) mod sessions;
pub(crate) mod sign;
pub(crate) mod status;
pub(crate) mod sync;
pub(crate) mod undo;
pub(crate) mod verify;
pub(crate) mod webhooks;
pub(crate) mod writes;

use crate::{
    args::Command,
    config::Problem,
    exit::{Exit, Failure},
    program::Program,
};

/// Runs one command. The problems of the configuration are for those commands that report them.
pub(crate) async fn run(program: &Program, command: Command, problems: &[Problem]) -> Result<Exit, Failure> {
    match command {
        Command::Demo(args) => Box::pin(demo::run(program, args)).await,
        Command::Serve(args) => Box::pin(serve::run(program, args)).await,
        Command::Connect(args) => connect::run(program, args).await,
        Command::Connections(args) => connections::run(program, args).await,
        Command::Sync(args) => Box::pin(sync::run(program, args)).await,
        Command::Undo(args) => undo::run(program, args).await,
        Command::Status(args) => status::run(program, args).await,
        Command::Runs(args) => runs::run(program, args).await,
        Command::Verify(args) => verify::run(program, args).await,
        Command::Records(args) => records::run(program, args).await,
        Command::Changes(args) => changes::run(program, args).await,
        Command::People(args) => people::run(program, args).await,
        Command::Owners(args) => owners::run(program, args).await,
        Command::Writes(args) => writes::run(program, args).await,
        Command::Routes(args) => routes::run(program, args).await,
        Command::Flow(args) => flow::run(program, args).await,
        Command::Quota(args) => Box::pin(quota::run(program, args)).await,
        Command::Report(args) => report::run(program, args).await,
        Command::Call(args) => call::run(program, args).await,
        Command::Sign(args) => sign::run(program, args).await,
        Command::App(args) => app::run(program, args).await,
        Command::Audit(args) => audit::run(program, args).await,
        Command::Requests(args) => requests::run(program, args).await,
        Command::Sessions(args) => sessions::run(program, args).await,
        Command::Webhooks(args) => webhooks::run(program, args).await,
        Command::Privacy(args) => Box::pin(privacy::run(program, args)).await,
        Command::Retention(args) => retention::run(program, args).await,
        Command::Doctor(args) => doctor::run(program, args, problems).await,
        Command::Backup(args) => Box::pin(backup::run(program, args)).await,
        Command::Restore(args) => Box::pin(restore::run(program, args)).await,
        Command::Key(args) => key::run(program, args).await,
        Command::Migrate(args) => migrate::run(program, args).await,
        Command::Config(args) => config::run(program, &args, problems),
        Command::Gen(args) => generate::run(&args),
    }
}
