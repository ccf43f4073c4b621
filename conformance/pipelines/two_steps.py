"""A pipeline of two steps; prints what became of the run as one JSON line."""

import json
import logging

from zenml import pipeline, step
from zenml.client import Client


@step(enable_cache=False)
def numbers() -> list[int]:
    return [1, 2, 3, 4]


@step(enable_cache=False)
def total(values: list[int]) -> int:
    return sum(values)


@pipeline(enable_cache=False)
def two_steps() -> None:
    total(numbers())


def main() -> None:
    run = two_steps()
    client = Client()
    finished = client.get_pipeline_run(run.id)
    steps = finished.steps
    facts = {
        "run": str(finished.id),
        "status": str(finished.status),
        "author": finished.user.name if finished.user else None,
        "project": client.active_project.name,
        "steps": {name: str(one.status) for name, one in sorted(steps.items())},
        "numbers": steps["numbers"].output.load(),
        "total": steps["total"].output.load(),
    }
    logging.getLogger(__name__).info("the run has ended")
    print("RESULT " + json.dumps(facts))


if __name__ == "__main__":
    main()
