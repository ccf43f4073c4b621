//! The program as its users meet it: started, spoken to over its socket, stopped, and killed.

#[cfg(test)]
mod administration;
#[cfg(test)]
mod configuration;
#[cfg(test)]
mod http;
#[cfg(test)]
mod key_model;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod program;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod seeded;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod starting;
#[cfg(test)]
mod stopping;
