"""Install packages, and say from the first second what, how many, how much and how long.

The Makefile runs it with the new environment's Python, in which nothing is installed yet: the
standard library alone.  A terminal gets one line, which is written again; elsewhere a line comes
every few seconds.  The installer's own output goes to a file, and is printed if it fails.
"""

import re
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

WIDTH = 79  # of a terminal with 80 columns, whose last one would wrap

REFRESH_S, LINE_S = 0.2, 5.0  # between two lines on a terminal, and elsewhere

LAST_LINES = 40  # of the installer's output, where it fails

MB = 1_000_000

# `pip --progress-bar raw` and uv say what they fetch.
FETCHED = re.compile(r"\s*(?:Downloading|Using cached) (\S+?)(?:-\d\S*)?(?: \(.*\))?$")
RAW = re.compile(r"Progress (\d+) of (\d+)")

PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==")


@dataclass(slots=True, kw_only=True)
class Progress:
    """What an installer has said so far."""

    what: str = ""
    fetched: int = 0  # bytes of finished downloads
    current: int = 0  # bytes of the present one
    lines: list[str] = field(default_factory=list)

    def read(self, line: str) -> None:
        """Take in a line of the installer's output."""
        raw = RAW.match(line)
        if raw:
            self.current = int(raw[1])
            return
        self.fetched, self.current = self.fetched + self.current, 0
        self.lines.append(line)
        fetched = FETCHED.match(line)
        if fetched:
            self.what = f"downloading {fetched[1].rpartition('/')[2]}"
        elif line.startswith("Installing collected"):
            self.what = "unpacking"
        elif "Preparing" in line:
            self.what = "building"

    def text(self, n_installed: int, n_packages: int, seconds: float) -> str:
        """Return the progress in one line, which no terminal of 80 columns cuts."""
        megabytes = (self.fetched + self.current) / MB
        end = " · ".join(
            [
                *([f"{n_installed} of {n_packages} packages"] if n_packages else []),
                *([f"{megabytes:.0f} MB"] if megabytes >= 1 else []),
                f"{seconds:.0f} s",
            ]
        )
        start = f"environment: {self.what}" if self.what else "environment"
        room = WIDTH - len(end) - len(" · ")
        return f"{start if len(start) <= room else f'{start[: room - 1]}…'} · {end}"


def pinned(arguments: Sequence[str]) -> set[str]:
    """Return the packages that a command pins, in its arguments and in the files after `-r`."""
    found = {normal(pin[1]) for pin in map(PIN.match, arguments) if pin}
    for flag, value in pairwise(arguments):
        if flag == "-r":
            path = Path(value)
            lines = path.read_text(encoding="utf-8").splitlines()
            nested = [part for line in lines if line.startswith("-r ") for part in line.split()]
            inner = [str(path.parent / part) if part != "-r" else part for part in nested]
            found |= pinned([*lines, *inner])
    return found


def installed(site: Path) -> set[str]:
    """Return the packages in a folder of installed ones."""
    return {normal(path.name.partition("-")[0]) for path in site.glob("*.dist-info")}


def normal(name: str) -> str:
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def with_raw_progress(command: Sequence[str], site: Path) -> list[str]:
    """Return a command by which pip says how many bytes it has; one older than 24.1 does not."""
    versions = [path.name.split("-")[1] for path in site.glob("pip-*.dist-info")]
    version = tuple(int(part) for part in versions[0].split(".")[:2]) if versions else (0,)
    if "pip" not in command or "-m" not in command or version < (24, 1):
        return [*command]
    place = command.index("install") + 1
    return [*command[:place], "--progress-bar", "raw", *command[place:]]


def install(command: Sequence[str], site: Path, log: Path) -> int:
    """Run an installer and write its progress; return its exit code."""
    progress, wanted, start = Progress(), pinned(command), time.monotonic()
    live = sys.stderr.isatty()

    def write() -> None:
        n_installed = len(wanted & installed(site))
        text = progress.text(n_installed, len(wanted), time.monotonic() - start)
        sys.stderr.write(f"\r\033[K{text}" if live else f"{text}\n")
        sys.stderr.flush()

    write()
    process = subprocess.Popen(
        with_raw_progress(command, site),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            progress.read(line.rstrip())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    while True:
        reader.join(REFRESH_S if live else LINE_S)
        if not reader.is_alive():
            break
        write()
    code = process.wait()
    write()
    if live:
        sys.stderr.write("\n")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write("\n".join([f"$ {' '.join(command)}", *progress.lines, ""]))
    if code:
        sys.stderr.write("\n".join([*progress.lines[-LAST_LINES:], f"All of it: {log}", ""]))
    return code


def main() -> None:
    """Run the installer that the arguments are."""
    site = Path(sysconfig.get_paths()["purelib"])
    try:
        sys.exit(install(sys.argv[1:], site, Path(sys.prefix) / "install.log"))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
