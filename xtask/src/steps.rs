//! A run of named steps: announced, timed, and summed up in a table.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

enum Outcome {
    Passed,
    Failed(String),
    NotRun(String),
}

struct Step {
    name: &'static str,
    outcome: Outcome,
    time: Duration,
}

/// The steps so far. A failed step does not end the run: the others still tell what they find.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<Step>,
}

impl Steps {
    /// Runs a step and returns what it made, or nothing when it failed.
    pub(crate) fn run<T>(&mut self, name: &'static str, step: impl FnOnce() -> Result<T>) -> Option<T> {
        eprintln!("\n== {name}");
        let start = now();
        let result = step();
        let time = start.elapsed();
        let (outcome, made) = match result {
            Ok(made) => (Outcome::Passed, Some(made)),
            Err(error) => (Outcome::Failed(format!("{error:#}")), None),
        };
        match &outcome {
            Outcome::Failed(reason) => eprintln!("== {name}: FAILED after {}: {reason}", shown(time)),
            _ => eprintln!("== {name}: ok, {}", shown(time)),
        }
        self.done.push(Step { name, outcome, time });
        made
    }

    /// Notes a step that cannot run because another one failed. It counts as a failure.
    pub(crate) fn not_run(&mut self, name: &'static str, reason: &str) {
        eprintln!("\n== {name}: NOT RUN: {reason}");
        self.done.push(Step { name, outcome: Outcome::NotRun(reason.to_owned()), time: Duration::ZERO });
    }

    /// Prints the table and fails unless every step passed.
    pub(crate) fn finish(self) -> Result<()> {
        println!("\n{}", self.table());
        let bad = self.done.iter().filter(|step| !matches!(step.outcome, Outcome::Passed)).count();
        if bad > 0 {
            bail!("{bad} of {} steps did not pass", self.done.len());
        }
        Ok(())
    }

    fn table(&self) -> String {
        let width = self.done.iter().map(|step| step.name.len()).max().unwrap_or_default();
        let mut lines = vec![format!("{:width$}  {:>12}  result", "step", "time")];
        for step in &self.done {
            let result = match &step.outcome {
                Outcome::Passed => "ok".to_owned(),
                Outcome::Failed(reason) => format!("FAILED: {reason}"),
                Outcome::NotRun(reason) => format!("NOT RUN: {reason}"),
            };
            lines.push(format!("{:width$}  {:>12}  {result}", step.name, shown(step.time)));
        }
        let total = shown(self.done.iter().map(|step| step.time).sum());
        lines.push(format!("{:width$}  {total:>12}", "together"));
        lines.join("\n")
    }
}

#[expect(clippy::disallowed_methods, reason = "a step's time is shown to a person and decides nothing")]
fn now() -> Instant {
    Instant::now()
}

fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        return format!("{:.1} s", time.as_secs_f64());
    }
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn one_failure_fails_the_run_but_not_the_steps_after_it() {
        let mut steps = Steps::default();
        assert!(steps.run("first", || Err::<(), _>(anyhow!("broken"))).is_none());
        assert_eq!(steps.run("second", || Ok(7)), Some(7));
        steps.not_run("third", "first failed");
        let table = steps.table();
        assert!(table.contains("FAILED: broken") && table.contains("NOT RUN: first failed"), "{table}");
        assert_eq!(steps.finish().unwrap_err().to_string(), "2 of 3 steps did not pass");
    }

    #[test]
    fn times_read_like_times() {
        assert_eq!(shown(Duration::from_millis(1_540)), "1.5 s");
        assert_eq!(shown(Duration::from_secs(61)), "1 min 01 s");
    }
}
