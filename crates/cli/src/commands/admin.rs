//! `claviger admin`: what an operator does on the machine that holds the database.

use control::Passwords;
use control::bootstrap::{ADMIN, generate_password};
use control::users::{self, UserUpdate};
use model::audit::Origin;
use model::{Error, Permit, Read, Result, Secret, SystemReason, Write};
use store::Store;

use super::{print, say};
use crate::config::{Config, ConfigArgs};
use crate::runtime;

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Makes the reserved administrator of a new installation and prints its password, once.
    #[command(after_help = "Examples:\n  claviger admin create-administrator --data /var/lib/claviger")]
    CreateAdministrator(Args),
    /// Gives an account a new password and prints it, once; the person must change it at the next sign-in.
    #[command(after_help = "Examples:\n  claviger admin reset-password ada --data /var/lib/claviger")]
    ResetPassword(ResetArgs),
    /// Reads the whole audit log and reports gaps and changed events.
    VerifyAudit(Args),
    /// Makes a new signing key; tokens of the old one stay valid until they expire.
    RotateSigningKey(Args),
    /// Makes a new pepper; keys made from now on are hashed with it, old ones stay valid.
    RotatePepper(Args),
}

/// Where the database is.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Whose password.
#[derive(Debug, clap::Args)]
pub(crate) struct ResetArgs {
    /// The username or e-mail address.
    username: String,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(crate) async fn run(command: Command) -> Result<()> {
    match command {
        Command::CreateAdministrator(args) => {
            create_administrator(&open_or_create(&args.config).await?).await
        }
        Command::ResetPassword(args) => reset_password(&open(&args.config).await?, &args.username).await,
        Command::VerifyAudit(args) => verify_audit(&open(&args.config).await?).await,
        Command::RotateSigningKey(args) => {
            let mut session = begin(&open(&args.config).await?).await?;
            session.rotate_signing_key().await?;
            session.commit().await?;
            say("A new key signs from now on; running servers take it up by themselves.");
            Ok(())
        }
        Command::RotatePepper(args) => {
            let mut session = begin(&open(&args.config).await?).await?;
            session.rotate_pepper().await?;
            session.commit().await?;
            say("New secrets are hashed with a new pepper from now on; the old ones stay valid.");
            Ok(())
        }
    }
}

/// Opens what is there: on a mistyped folder a new, empty database would only mislead.
async fn open(config: &ConfigArgs) -> Result<Store> {
    Config::load(config)?.require_database()?;
    open_or_create(config).await
}

async fn open_or_create(config: &ConfigArgs) -> Result<Store> {
    let config = Config::load(config)?;
    runtime::start_log(&config)?;
    runtime::open_store(&config).await
}

async fn begin(store: &Store) -> Result<store::Session<Write>> {
    let origin = Origin { request_id: "command-line".to_owned(), ..Origin::default() };
    store.begin::<Write>(Permit::system(SystemReason::Operator), origin).await
}

async fn create_administrator(store: &Store) -> Result<()> {
    let password = generate_password(store.env());
    let platform = control::Platform::new(store.clone(), String::new(), Passwords::new(store.env())?);
    if !platform.is_empty().await? {
        return Err(Error::exists("This installation has people already; use reset-password."));
    }
    platform.create_admin(&password).await?;
    show(ADMIN, &password)
}

async fn reset_password(store: &Store, username: &str) -> Result<()> {
    let password = generate_password(store.env());
    let passwords = Passwords::new(store.env())?;
    let hash = users::hash_password(&passwords, store.env(), "password", &password).await?;
    let mut session = begin(store).await?;
    let found = session.find_login(username).await?;
    let (user, _) = found.ok_or_else(|| Error::not_found("user", username))?;
    users::update(&mut session, user.id, UserUpdate::default(), Some(&hash)).await?;
    session.commit().await?;
    show(&user.username, &password)
}

fn show(username: &str, password: &Secret) -> Result<()> {
    say("The password is shown now and never again.");
    print(&format!("username  {username}\npassword  {}", password.expose()))
}

async fn verify_audit(store: &Store) -> Result<()> {
    let permit = Permit::system(SystemReason::Operator);
    let report = store.begin::<Read>(permit, Origin::default()).await?.verify_audit().await?;
    for fault in &report.faults {
        print(fault)?;
    }
    if !report.faults.is_empty() {
        return Err(Error::illegal(format!("The audit log has {} faults.", report.faults.len())));
    }
    say(&format!("The audit log is whole: {} events in {} chains.", report.events, report.chains));
    Ok(())
}
