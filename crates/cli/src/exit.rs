//! How a failure ends the program: a line for people on standard error, a code that means something.

use std::process::ExitCode;

use model::{Error, ErrorKind};

/// 1 the input is wrong, 3 not allowed, 4 cannot right now, 5 a bug; 2 is the command line's own.
fn code(error: &Error) -> u8 {
    match error.kind {
        ErrorKind::Unauthenticated | ErrorKind::Forbidden => 3,
        ErrorKind::Unavailable | ErrorKind::RateLimited => 4,
        ErrorKind::Internal => 5,
        _ => 1,
    }
}

/// Tells what went wrong, with the cause where it is ours.
#[expect(clippy::print_stderr, reason = "the program talks on standard error")]
pub(crate) fn report(error: &Error) -> ExitCode {
    match error.kind {
        ErrorKind::Internal => eprintln!("error: {error:?}"),
        _ => eprintln!("error: {error}"),
    }
    ExitCode::from(code(error))
}
