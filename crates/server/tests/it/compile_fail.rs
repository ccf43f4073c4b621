//! What must not compile: the rules that are held by types, each with the words in which
//! the compiler refuses to break it.
//!
//! All of them are here, at the crate that reaches the others, because each crate with such tests costs a build of
//! its own. After a change of the compiler's words: `TRYBUILD=overwrite cargo test -p claviger-server --test it
//! compile_fail`, and read what changed.

#[test]
fn what_must_not_compile_does_not() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
