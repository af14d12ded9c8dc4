"""Markdown comment for a pull request: changes, stages, errors and verdicts of a retraining."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from foursplit.core.splits import SPLITS, TITLES
from foursplit.reporting.numbers import percent

MAX_LENGTH = 60_000  # characters; GitHub accepts 65,536

MAX_ROWS = 20  # of a list

BAR_WIDTH = 30  # characters of the longest bar

VALUE_LENGTH = 80  # characters of a name or value


def comment(report: Mapping[str, Any]) -> str:
    """Render the comment; sections beyond the length limit are cut, with a note."""
    sections = [
        _head(report),
        *(_group(name, group) for name, group in report["groups"].items()),
        _changes(report),
        _stages(report["stages"]),
    ]
    text = ""
    for section in filter(None, sections):
        if len(text) + len(section) > MAX_LENGTH:
            return text + "\n_The rest is too long for a comment: see `retrain.json`._\n"
        text += f"{section}\n"
    return text


def _head(report: Mapping[str, Any]) -> str:
    groups = report["groups"]
    since = f" since {_code(report['since'][:10])}" if report["since"] else ""
    if report["failure"]:
        return f"### Retraining failed{since}\n\n```\n{_fenced(report['failure'])}\n```\n"
    if not groups:
        return f"### Retrained: no model changed{since}\n"
    lines = [f"### Retrained: {_count(len(groups), 'group')} changed{since}", ""]
    lines += ["| group | winner | verdict | reason |", "|---|---|---|---|"]
    for name, group in groups.items():
        verdict, reason = _verdict(group["gate"])
        lines.append(f"| {_code(name)} | {_code(group['winner'])} | {verdict} | {reason} |")
    pushed = report.get("branch")
    if pushed and pushed["commit"]:
        lines += [
            "",
            f"New lock files and metrics: branch {_code(pushed['name'])}, commit "
            f"{_code(pushed['commit'][:10])}.",
        ]
    return "\n".join(lines) + "\n"


def _verdict(gate: Mapping[str, Any]) -> tuple[str, str]:
    """Return the verdict and its first reason."""
    if "refused" in gate:
        return "refused", _escape(gate["refused"])
    failed = [reason for reason in gate["reasons"] if not reason["holds"]]
    decisive = failed or [
        reason for reason in gate["reasons"] if reason["code"] in ("dev_better", "same_model")
    ]
    sentence = _escape(decisive[0]["sentence"]) if decisive else ""
    promoted = " and promoted" if gate["promoted"] else ""
    return f"**{gate['verdict']}**{promoted}", sentence


def _group(name: str, group: Mapping[str, Any]) -> str:
    lines = [f"#### {_code(name)}", "", *_ledger(group), "", *_bars(group)]
    gate = group["gate"]
    if "refused" not in gate:
        lines += ["<details><summary>Checks of the gate</summary>", ""]
        lines += [
            f"- {'✔' if r['holds'] else '✘'} {_escape(r['sentence'])}" for r in gate["reasons"]
        ]
        if gate["needed"] is not None:
            lines.append(f"- About {gate['needed']:,} dev examples are needed to decide.")
        lines.append(f"- Models evaluated on this test set so far: {gate['looks_at_test']}.")
        lines += ["", "</details>", ""]
    return "\n".join(lines)


def _ledger(group: Mapping[str, Any]) -> list[str]:
    """Build the table of errors before and after, with the gaps that stand out after."""
    heads = ["experiment", *(TITLES[split] for split in SPLITS), "significant gaps"]
    lines = [f"| {' | '.join(heads)} |", f"|---|{'---:|' * len(SPLITS)}---|"]
    for key, pair in group["experiments"].items():
        mark = "**" if key == group["winner"] else ""
        cells = [_change(pair, split) for split in SPLITS]
        lines.append(f"| {mark}{_code(key)}{mark} | {' | '.join(cells)} | {_gap(pair['after'])} |")
    return lines


def _change(pair: Mapping[str, Any], split: str) -> str:
    before, after = ((pair[when] or {}).get(split) for when in ("before", "after"))
    if after is None:
        return "sealed" if split == "test" and pair["after"] else "–"
    if before is None or before == after:
        return percent(after)
    return f"{percent(before)} → {percent(after)}"


def _gap(metrics: Mapping[str, Any] | None) -> str:
    return str((metrics or {}).get("verdict", "–"))


def _bars(group: Mapping[str, Any]) -> list[str]:
    """Draw the winner's errors before and after as text bars."""
    pair = group["experiments"].get(group["winner"])
    if pair is None or pair["after"] is None:
        return []
    splits = [split for split in SPLITS if pair["after"].get(split) is not None]
    values = [
        pair[when][split]
        for when in ("before", "after")
        if pair[when]
        for split in splits
        if pair[when].get(split) is not None
    ]
    longest = max(values, default=0.0) or 1.0
    lines = ["```"]
    for split in splits:
        for when, block in (("before", "░"), ("after", "█")):
            value = (pair[when] or {}).get(split)
            if value is not None:
                bar = block * max(round(BAR_WIDTH * value / longest), 0)
                lines.append(f"{TITLES[split]:<9} {when:<6} {bar} {percent(value)}")
    return [*lines, "```", ""]


def _changes(report: Mapping[str, Any]) -> str:
    lines = []
    if report["parameters"]:
        lines += ["| parameter | before | after |", "|---|---|---|"]
        lines += [
            f"| {' | '.join(_code(parameter[key]) for key in ('name', 'before', 'after'))} |"
            for parameter in report["parameters"][:MAX_ROWS]
        ]
        lines += [*_more(report["parameters"]), ""]
    if report["files"]:
        lines += [f"- {_code(name)}" for name in report["files"][:MAX_ROWS]] + _more(
            report["files"]
        )
    if not lines:
        return ""
    files, values = (len(report[name]) for name in ("files", "parameters"))
    title = f"{_count(files, 'file')} and {_count(values, 'parameter')} changed"
    return _details(title, lines)


def _stages(stages: Mapping[str, Any]) -> str:
    ran, restored, failed = stages["ran"], stages["restored"], stages["failed"]
    title = (
        f"{_count(len(ran), 'stage')} ran in {stages['seconds']:.0f} s; from the run-cache: "
        f"{len(restored)}; unchanged: {stages['unchanged']}"
    )
    if failed:
        title += f"; failed: {len(failed)}"
    lines = [
        *(f"- {_code(stage['stage'])} failed: {_escape(stage['how'])}" for stage in failed),
        *(
            f"- {_code(stage['stage'])}{_seconds(stage)}{_first_reason(stage['reasons'])}"
            for stage in ran[:MAX_ROWS]
        ),
        *_more(ran),
    ]
    return _details(title, lines) if lines else f"{title}.\n"


def _seconds(stage: Mapping[str, Any]) -> str:
    return "" if stage["seconds"] is None else f" ({stage['seconds']:.1f} s)"


def _first_reason(reasons: Sequence[str]) -> str:
    """Return the first reason and the number of others."""
    if not reasons:
        return ""
    more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return f": {_code(reasons[0])}{more}"


def _details(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"<details><summary>{title}</summary>", "", *lines, "", "</details>", ""])


def _more(rows: Sequence[Any]) -> list[str]:
    return [f"- and {len(rows) - MAX_ROWS} more"] if len(rows) > MAX_ROWS else []


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _code(value: object) -> str:
    """Format a name or value as code: it cannot link, mention or format anything."""
    text = " ".join(str(value).split()).replace("`", "'").replace("|", "¦") or " "
    return f"`{text[: VALUE_LENGTH - 1]}…`" if len(text) > VALUE_LENGTH else f"`{text}`"


def _escape(text: str) -> str:
    """Escape Markdown in a sentence that may contain names chosen by users."""
    flat = " ".join(text.split()).replace("|", "¦").replace("`", "'")
    for character in "\\*_[]<>#@~":
        flat = flat.replace(character, f"\\{character}" if character != "@" else "＠")
    return flat


def _fenced(text: str) -> str:
    return text.replace("```", "'''")[-4000:]
