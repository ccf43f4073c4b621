//! The store on whichever database `CLAVIGER_TEST_DB` names: SQLite without it, else PostgreSQL.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod cache;
#[cfg(test)]
mod concurrency;
#[cfg(test)]
mod deletes;
#[cfg(test)]
mod followers;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod records;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod shares;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod teams;
#[cfg(test)]
mod uniques;
#[cfg(test)]
mod usage;
