//! The fuzz targets of `fuzz/` on some generated inputs: they compile, and nothing that is easy to find fails. The long
//! runs are done by hand, as `fuzz/README.md` tells.

#[path = "../../../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "the targets are a crate of their own elsewhere")]
mod targets;

/// Inputs for each target: well under a second in the dev profile.
const INPUTS: usize = 3_000;

#[test]
fn the_targets_hold_on_generated_inputs() {
    for (name, target) in targets::TARGETS {
        for input in targets::Inputs::new(1).take(INPUTS) {
            let outcome = std::panic::catch_unwind(|| target(&input));
            assert!(outcome.is_ok(), "{name} fails on {:?}", String::from_utf8_lossy(&input));
        }
    }
}
