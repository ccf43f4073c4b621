//! The API as its callers see it, without a socket: a request goes in at the router, an answer comes out. On
//! whichever database `CLAVIGER_TEST_DB` names.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod callers;
#[cfg(test)]
mod compile_fail;
#[cfg(test)]
mod conventions;
#[cfg(test)]
mod cookies;
#[cfg(test)]
mod creates;
#[cfg(test)]
mod ends;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod foreign;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod leaks;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod malformed;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod narrowed;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod passwords;
#[cfg(test)]
mod prefixes;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod tour;
