"""The virtual environment with the real zenml client and server."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
INSTALL_LIMIT_SECONDS = 1800


def say(text: str) -> None:
    """Tells the person at the terminal what is going on; results go to stdout."""
    print(text, file=sys.stderr, flush=True)


def prepare(cache: Path) -> Path:
    """Returns the folder of a complete environment, building it when there is none."""
    cache = cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"zenml-{fingerprint()}"
    marker = folder / "complete"
    with one_at_a_time(cache / "lock"):
        if marker.exists():
            say(f"environment: reusing {folder.name}")
            return folder
        if folder.exists():
            say(f"environment: {folder.name} is incomplete, building it again")
            shutil.rmtree(folder)
        build(folder)
        marker.write_text(f"{sys.version}\n")
    return folder


def fingerprint() -> str:
    """Names the environment after what goes into it."""
    version = "%d.%d.%d" % sys.version_info[:3]
    content = REQUIREMENTS.read_bytes() + version.encode()
    return hashlib.sha256(content).hexdigest()[:16]


def build(folder: Path) -> None:
    say(f"environment: creating {folder.name}")
    step([sys.executable, "-m", "venv", str(folder)])
    python = str(folder / "bin" / "python")
    count = sum("==" in line and line[0] != "#" for line in REQUIREMENTS.read_text().splitlines())
    say(f"environment: installing {count} pinned packages")
    # The list is complete, so nothing is left to resolve; `pip check` proves it.
    step([python, "-m", "pip", "install", "--no-deps", "--quiet", "-r", str(REQUIREMENTS)])
    step([python, "-m", "pip", "check"])
    step([str(folder / "bin" / "zenml"), "version"], quiet=True, home=folder)
    say("environment: complete")


def step(command: list[str], quiet: bool = False, home: Path | None = None) -> None:
    environment = dict(os.environ)
    if home:
        environment.update(
            HOME=str(home), ZENML_CONFIG_PATH=str(home / "first"), ZENML_ANALYTICS_OPT_IN="false"
        )
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=INSTALL_LIMIT_SECONDS,
    )
    if done.returncode != 0:
        raise SystemExit(f"environment: {' '.join(command)} failed:\n{done.stdout}")
    if not quiet and done.stdout.strip():
        say(done.stdout.strip())


@contextmanager
def one_at_a_time(path: Path):
    """Lets two runs that share a cache take turns building it."""
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
