#!/usr/bin/env python3
"""Drives the unmodified zenml client and server against a claviger binary. See README.md."""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import checks  # noqa: F401  (registers every check)
import environment
import report
from world import World

LEAST_CHECKS = 30


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, required=True, help="the claviger binary to test")
    parser.add_argument("--cache", type=Path, required=True, help="where the environment is kept between runs")
    parser.add_argument("--only", "--filter", dest="only", action="append", default=[], metavar="NAME", help="run only this check (may be a pattern, may be repeated)")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs and data")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    binary = options.binary.resolve()
    if not binary.is_file():
        raise SystemExit(f"there is no binary at {options.binary}")
    chosen = report.selected(options.only)
    if not chosen:
        raise SystemExit(f"no check is called {', '.join(options.only)}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    venv = environment.prepare(options.cache)
    folder = Path(tempfile.mkdtemp(prefix="claviger-conformance-"))
    world = World(binary, venv, folder)
    started = time.monotonic()
    try:
        passed, failed = report.run(chosen, world)
    finally:
        world.close()
        if options.keep:
            environment.say(f"kept {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    environment.say(f"took {time.monotonic() - started:.0f} s")
    print(f"{passed} passed, {failed} failed", flush=True)
    enough = bool(options.only) or passed >= LEAST_CHECKS
    return 0 if failed == 0 and enough else 1


if __name__ == "__main__":
    sys.exit(main())
