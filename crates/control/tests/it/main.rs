//! The use cases on whichever database `CLAVIGER_TEST_DB` names, through what a request goes through: who is
//! asking, whether that one may, the work, the commit.

#[cfg(test)]
mod access_tokens;
#[cfg(test)]
mod actions;
#[cfg(test)]
mod admission;
#[cfg(test)]
mod custom_roles;
#[cfg(test)]
mod explanations;
#[cfg(test)]
mod grants;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod machines;
#[cfg(test)]
mod passwords;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod places;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod races;
#[cfg(test)]
mod scopes;
#[cfg(test)]
mod server_keys;
#[cfg(test)]
mod start;
#[cfg(test)]
mod teams;
