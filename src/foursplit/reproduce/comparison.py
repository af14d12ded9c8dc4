"""Whether the same bytes came out, and if not, what went in otherwise and is the likely cause."""

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foursplit.reproduce.requirements_diff import Pin

SEALED = ("data/sealed",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedHash:
    """Something on record beside what came out; `found` is None where nothing did."""

    name: str
    expected: str
    found: str | None

    @property
    def equal(self) -> bool:
        return self.found == self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedInput:
    """What bytes depend on, then and now; `then` is None where nobody noted it."""

    name: str
    then: str | None
    now: str | None

    @property
    def differs(self) -> bool:
        return self.then is not None and self.then != self.now


def compare_hashes(expected: Mapping[str, str], found: Mapping[str, str]) -> list[ComparedHash]:
    """Set what is on record beside what came out, but for what is never made: answers on test."""
    return [
        ComparedHash(name=name, expected=digest, found=found.get(name))
        for name, digest in sorted(expected.items())
        if name in found or not _is_unopened(name)
    ]


def unopened_test_hashes(expected: Iterable[str], found: Mapping[str, str]) -> list[str]:
    """Name what is on record and was not made here, since test stays sealed."""
    return sorted(name for name in expected if name not in found and _is_unopened(name))


def _is_unopened(name: str) -> bool:
    return name in SEALED or (name.startswith("table/") and name.endswith("/test"))


def compare_inputs(
    then: Mapping[str, str],
    now: Mapping[str, str],
    pins: Sequence[Pin],
    noted: Mapping[str, tuple[str | None, str | None]],
) -> list[ComparedInput]:
    """List what bytes depend on: device and kernels, numeric pins, code and settings, platform."""
    found = [
        ComparedInput(name=name, then=then.get(name), now=value) for name, value in now.items()
    ]
    found += [
        ComparedInput(name=pin.name, then=pin.pinned, now=pin.installed or "none") for pin in pins
    ]
    found += [
        ComparedInput(name=name, then=before or "not there", now=after or "not there")
        for name, (before, after) in noted.items()
    ]
    # Neither a run nor a version notes it.
    return [*found, ComparedInput(name="platform", then=None, now=describe_machine())]


def describe_machine() -> str:
    """Name what a platform's bytes may depend on."""
    python = platform.python_version()
    return f"{platform.system()} {platform.machine()}, Python {python}, {_processor()}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123, no file of ours
            names = (line.partition(":")[2].strip() for line in file if "model name" in line)
            return next(names, "processor not known")
    except OSError:
        return platform.processor() or "processor not known"


DEVICE_CAUSE = "another kind of device rounds in other ways"

CAUSES: Mapping[str, str] = {
    "device": DEVICE_CAUSE,
    "kernels": "the instruction sets of the kernels decide how sums are rounded",
    "threads": "the number of threads decides in which order sums are taken",
}


def likely_causes(
    rows: Sequence[ComparedHash],
    given: Sequence[ComparedInput],
    doubts: Sequence[str],
    *,
    dirty: bool,
) -> list[str]:
    """Say what most likely made the difference, the likeliest first; nothing where all is equal."""
    differing = [row.name for row in rows if not row.equal]
    if not differing:
        return []
    found = [*doubts]
    if dirty:
        found.append("the folder had changes that no commit holds when it was made")
    if any(name.startswith("data/") for name in differing):
        found.append("the data differ already, so weights and tables must")
    missing = [row.name for row in rows if row.found is None]
    if missing:
        found.append(f"nothing came out for {', '.join(missing)}: the commit makes no such thing")
    found += [
        f"{one.name}: {one.then} then, {one.now} now"
        + (f": {CAUSES[one.name]}" if one.name in CAUSES else "")
        for one in given
        if one.differs
    ]
    return found or [_unexplained(differing, given)]


def _unexplained(differing: Sequence[str], given: Sequence[ComparedInput]) -> str:
    if not any(name.startswith(("weights/", "models", "manifest/")) for name in differing):
        return (
            "the weights are equal and the answers are not: the record of the tables was altered, "
            "or they were made by other code than the commit's"
        )
    kernels = next((one.now for one in given if one.name == "kernels"), None)
    native = " Its kernels are native, so bytes depend on the processor." * (kernels == "native")
    return (
        "nothing that is on record went in otherwise: the record was altered, or what is not on "
        f"record differs (the processor, libraries below Python).{native}"
    )


def as_json(rows: Sequence[ComparedHash], given: Sequence[ComparedInput]) -> dict[str, Any]:
    """Give rows and inputs for other programs."""
    return {
        "compared": [
            {"name": r.name, "expected": r.expected, "found": r.found, "equal": r.equal}
            for r in rows
        ],
        "inputs": [
            {"name": i.name, "then": i.then, "now": i.now, "differs": i.differs} for i in given
        ],
    }
