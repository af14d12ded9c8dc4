"""Compare the hashes of a reproduced run with the record, and list the likely causes."""

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foursplit.reproduce.requirements_diff import Pin

SEALED = ("data/sealed",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedHash:
    """A recorded hash and the reproduced one; `actual` is None if nothing was produced."""

    name: str
    expected: str
    actual: str | None

    @property
    def equal(self) -> bool:
        return self.actual == self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedInput:
    """An input on which bytes depend; `before` is None if it was not recorded."""

    name: str
    before: str | None
    after: str | None

    @property
    def differs(self) -> bool:
        return self.before is not None and self.before != self.after


def compare_hashes(expected: Mapping[str, str], actual: Mapping[str, str]) -> list[ComparedHash]:
    """Compare recorded hashes with reproduced ones, except those of test, which is not opened."""
    return [
        ComparedHash(name=name, expected=digest, actual=actual.get(name))
        for name, digest in sorted(expected.items())
        if name in actual or not _is_unopened(name)
    ]


def unopened_test_hashes(expected: Iterable[str], actual: Mapping[str, str]) -> list[str]:
    """List the recorded hashes that were not reproduced, because test stays sealed."""
    return sorted(name for name in expected if name not in actual and _is_unopened(name))


def _is_unopened(name: str) -> bool:
    return name in SEALED or (name.startswith("table/") and name.endswith("/test"))


def compare_inputs(
    before: Mapping[str, str],
    after: Mapping[str, str],
    pins: Sequence[Pin],
    lock_differences: Mapping[str, tuple[str | None, str | None]],
) -> list[ComparedInput]:
    """List the inputs of bytes: device, kernels, numeric pins, code, settings and platform."""
    inputs = [
        ComparedInput(name=name, before=before.get(name), after=value)
        for name, value in after.items()
    ]
    inputs += [
        ComparedInput(name=pin.name, before=pin.pinned, after=pin.installed or "none")
        for pin in pins
    ]
    inputs += [
        ComparedInput(name=name, before=recorded or "not there", after=current or "not there")
        for name, (recorded, current) in lock_differences.items()
    ]
    # Neither a run nor a version records it.
    return [*inputs, ComparedInput(name="platform", before=None, after=describe_machine())]


def describe_machine() -> str:
    """Describe the platform, as far as bytes may depend on it."""
    python = platform.python_version()
    return f"{platform.system()} {platform.machine()}, Python {python}, {_processor()}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123, no file of ours
            names = (line.partition(":")[2].strip() for line in file if "model name" in line)
            return next(names, "unknown processor")
    except OSError:
        return platform.processor() or "unknown processor"


DEVICE_CAUSE = "another type of device rounds differently"

CAUSES: Mapping[str, str] = {
    "device": DEVICE_CAUSE,
    "instruction_set": "the instruction set of the kernels affects rounding",
    "threads": "the number of threads affects the order of sums",
}


def likely_causes(
    rows: Sequence[ComparedHash],
    inputs: Sequence[ComparedInput],
    warnings: Sequence[str],
    *,
    dirty: bool,
) -> list[str]:
    """List the likely causes of a difference, the likeliest first; empty if all is equal."""
    differing = [row.name for row in rows if not row.equal]
    if not differing:
        return []
    causes = [*warnings]
    if dirty:
        causes.append("the run was made from uncommitted changes")
    if any(name.startswith("data/") for name in differing):
        causes.append("the data differ, so weights and tables differ too")
    missing = [row.name for row in rows if row.actual is None]
    if missing:
        causes.append(
            f"nothing was produced for {', '.join(missing)}: the commit has no such output"
        )
    causes += [
        f"{item.name}: {item.before} then, {item.after} now"
        + (f": {CAUSES[item.name]}" if item.name in CAUSES else "")
        for item in inputs
        if item.differs
    ]
    return causes or [_unexplained(differing, inputs)]


def _unexplained(differing: Sequence[str], inputs: Sequence[ComparedInput]) -> str:
    if not any(name.startswith(("weights/", "models", "manifest/")) for name in differing):
        return (
            "the weights are equal but the predictions differ: the tables' record was altered, "
            "or other code than the commit's made them"
        )
    kernels = next((item.after for item in inputs if item.name == "instruction_set"), None)
    native = " The kernels are native, so bytes depend on the processor." * (kernels == "native")
    return (
        "all recorded inputs are equal: the record was altered, or an unrecorded input differs "
        f"(the processor, system libraries).{native}"
    )


def as_json(rows: Sequence[ComparedHash], inputs: Sequence[ComparedInput]) -> dict[str, Any]:
    """Return rows and inputs as JSON."""
    return {
        "compared": [
            {"name": r.name, "expected": r.expected, "found": r.actual, "equal": r.equal}
            for r in rows
        ],
        "inputs": [
            {"name": i.name, "then": i.before, "now": i.after, "differs": i.differs} for i in inputs
        ],
    }
