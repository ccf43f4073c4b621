"""Checks, prerequisites, and how their results are told."""

import fnmatch
import functools
import re
import time
import traceback
from typing import Callable

SECRETS = re.compile(r"(ZENPROKEY_|eyJ)[A-Za-z0-9_\-+/=.]{8,}")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
TAIL_LINES = 25
REASON_LENGTH = 300


class Failure(Exception):
    """A check found something that is not as it must be."""

    def __init__(self, message: str, evidence: str = "") -> None:
        super().__init__(message)
        self.evidence = evidence


class Missing(Failure):
    """Something that had to be there first could not be made."""

    def __init__(self, name: str, problem: Exception) -> None:
        super().__init__(f"prerequisite `{name}` had failed: {first_line(problem)}")


CHECKS: list[Callable] = []


def check(function: Callable) -> Callable:
    """Registers a check under the name of its function; the order of definition is the order of running."""
    register(function.__name__, function)
    return function


def register(name: str, function: Callable) -> None:
    if any(known.name == name for known in CHECKS):
        raise ValueError(f"two checks are called {name}")
    function.name = name
    CHECKS.append(function)


def prepared(method: Callable) -> Callable:
    """Makes a method of the world do its work once; whoever needs it after a failure fails too."""

    @functools.wraps(method)
    def once(world):
        known = world.prepared.get(method.__name__)
        if known is None:
            try:
                known = (method(world), None)
            except Exception as problem:
                world.prepared[method.__name__] = (None, problem)
                raise
            world.prepared[method.__name__] = known
        value, problem = known
        if problem is not None:
            raise problem if isinstance(problem, Missing) else Missing(method.__name__, problem)
        return value

    return once


def ensure(condition: object, message: str, evidence: object = "") -> None:
    if not condition:
        raise Failure(message, str(evidence))


def equal(found: object, wanted: object, what: str, evidence: object = "") -> None:
    ensure(found == wanted, f"{what} is {found!r}, not {wanted!r}", evidence)


def first_line(problem: BaseException) -> str:
    lines = str(problem).strip().splitlines()
    reason = hide(lines[0]) if lines else type(problem).__name__
    return reason if len(reason) <= REASON_LENGTH else reason[:REASON_LENGTH] + " …"


def hide(text: str) -> str:
    """Takes out what must not stand in a report: credentials, and the colours of log lines."""
    return SECRETS.sub(r"\1…", COLOURS.sub("", text))


def tail(text: str, lines: int = TAIL_LINES) -> str:
    return "\n".join(text.rstrip().splitlines()[-lines:])


def selected(patterns: list[str]) -> list[Callable]:
    if not patterns:
        return list(CHECKS)
    return [one for one in CHECKS if any(fnmatch.fnmatch(one.name, p) for p in patterns)]


def run(checks: list[Callable], world) -> tuple[int, int]:
    """Runs the checks in order and returns how many passed and how many failed."""
    passed = failed = 0
    for one in checks:
        started = time.monotonic()
        world.mark_logs()
        try:
            one(world)
        except Exception as problem:
            failed += 1
            print(f"FAILED {one.name}: {first_line(problem)}")
            for title, text in evidence_of(problem, world):
                tell(title, text)
        else:
            passed += 1
            print(f"ok {one.name} ({time.monotonic() - started:.1f}s)", flush=True)
    return passed, failed


def evidence_of(problem: Exception, world):
    if isinstance(problem, Failure):
        yield "evidence", problem.evidence
    else:
        yield "traceback", "".join(traceback.format_exception(problem))
    yield from world.logs_since_mark()


def tell(title: str, text: str) -> None:
    if text.strip():
        print(f"    --- {title}")
        for line in hide(tail(text)).splitlines():
            print(f"    | {line}")
    print(end="", flush=True)
