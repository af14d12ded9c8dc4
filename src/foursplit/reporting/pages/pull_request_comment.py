"""What a retraining did, as Markdown for a pull request: changes, stages, ledgers, verdicts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from foursplit.core.splits import SPLITS, TITLES
from foursplit.diagnosis.decomposition.verdict import NAMES
from foursplit.reporting.numbers import percent, signed

MOST = 60_000  # characters; GitHub takes 65,536

ROWS = 20  # of a list that is shown whole

WIDTH = 30  # characters of the longest bar

VALUE = 80  # characters of a name or value


def comment(told: Mapping[str, Any]) -> str:
    """Write it all; what would make it too long is left out from the end, and that is said."""
    parts = [
        _head(told),
        *(_group(name, group) for name, group in told["groups"].items()),
        _changes(told),
        _stages(told["stages"]),
    ]
    text = ""
    for part in filter(None, parts):
        if len(text) + len(part) > MOST:
            return text + "\n_The rest is too long for a comment: see `retrain.json`._\n"
        text += f"{part}\n"
    return text


def _head(told: Mapping[str, Any]) -> str:
    groups = told["groups"]
    between = f" since {_code(told['since'][:10])}" if told["since"] else ""
    if told["failure"]:
        return f"### Retraining failed{between}\n\n```\n{_fenced(told['failure'])}\n```\n"
    if not groups:
        return f"### Retrained: no model changed{between}\n"
    lines = [f"### Retrained: {_counted(len(groups), 'group')} changed{between}", ""]
    lines += ["| group | winner | verdict | why |", "|---|---|---|---|"]
    for name, group in groups.items():
        verdict, why = _verdict(group["gate"])
        lines.append(f"| {_code(name)} | {_code(group['winner'])} | {verdict} | {why} |")
    pushed = told.get("branch")
    if pushed and pushed["commit"]:
        lines += ["", f"New lock files and metrics: branch {_code(pushed['name'])}, commit "
                  f"{_code(pushed['commit'][:10])}."]  # fmt: skip
    return "\n".join(lines) + "\n"


def _verdict(gate: Mapping[str, Any]) -> tuple[str, str]:
    """Give the verdict and the first reason for it in a line."""
    if "refused" in gate:
        return "refused", _plain(gate["refused"])
    failed = [reason for reason in gate["reasons"] if not reason["holds"]]
    chosen = failed or [r for r in gate["reasons"] if r["code"] in ("dev_better", "same_model")]
    why = _plain(chosen[0]["sentence"]) if chosen else ""
    done = " and promoted" if gate["promoted"] else ""
    return f"**{gate['verdict']}**{done}", why


def _group(name: str, group: Mapping[str, Any]) -> str:
    lines = [f"#### {_code(name)}", "", *_ledger(group), "", *_bars(group)]
    gate = group["gate"]
    if "refused" not in gate:
        lines += ["<details><summary>The gate's reasons</summary>", ""]
        lines += [f"- {'✔' if r['holds'] else '✘'} {_plain(r['sentence'])}"
                  for r in gate["reasons"]]  # fmt: skip
        if gate["needed"] is not None:
            lines.append(f"- To tell takes about {gate['needed']:,} dev examples.")
        lines.append(f"- Models that this test was opened for so far: {gate['looks_at_test']}.")
        lines += ["", "</details>", ""]
    return "\n".join(lines)


def _ledger(group: Mapping[str, Any]) -> list[str]:
    """Make a table of errors before and after, with the largest gap after."""
    heads = ["experiment", *(TITLES[split] for split in SPLITS), "largest gap"]
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


def _gap(found: Mapping[str, Any] | None) -> str:
    gaps = (found or {}).get("gaps")
    if not gaps:
        return "–"
    name = max(gaps, key=gaps.__getitem__)
    return f"{NAMES[name]} {signed(gaps[name])}"


def _bars(group: Mapping[str, Any]) -> list[str]:
    """Draw the winner's errors before and after as bars of text, which every page shows."""
    pair = group["experiments"].get(group["winner"])
    if pair is None or pair["after"] is None:
        return []
    shown = [split for split in SPLITS if pair["after"].get(split) is not None]
    values = [pair[when][split] for when in ("before", "after") if pair[when]
              for split in shown if pair[when].get(split) is not None]  # fmt: skip
    longest = max(values, default=0.0) or 1.0
    lines = ["```"]
    for split in shown:
        for when, block in (("before", "░"), ("after", "█")):
            value = (pair[when] or {}).get(split)
            if value is not None:
                bar = block * max(round(WIDTH * value / longest), 0)
                lines.append(f"{TITLES[split]:<9} {when:<6} {bar} {percent(value)}")
    return [*lines, "```", ""]


def _changes(told: Mapping[str, Any]) -> str:
    lines = []
    if told["parameters"]:
        lines += ["| parameter | before | after |", "|---|---|---|"]
        lines += [
            f"| {_code(one['name'])} | {_code(one['before'])} | {_code(one['after'])} |"
            for one in told["parameters"][:ROWS]
        ]
        lines += [*_more(told["parameters"]), ""]
    if told["files"]:
        lines += [f"- {_code(name)}" for name in told["files"][:ROWS]] + _more(told["files"])
    if not lines:
        return ""
    files, values = (len(told[name]) for name in ("files", "parameters"))
    title = f"{_counted(files, 'file')} and {_counted(values, 'parameter')} changed"
    return _folded(title, lines)


def _stages(stages: Mapping[str, Any]) -> str:
    ran, restored, failed = stages["ran"], stages["restored"], stages["failed"]
    title = (
        f"{_counted(len(ran), 'stage')} ran in {stages['seconds']:.0f} s; from the run-cache: "
        f"{len(restored)}; as before: {stages['unchanged']}"
    )
    if failed:
        title += f"; failed: {len(failed)}"
    lines = [
        *(f"- {_code(one['stage'])} failed: {_plain(one['how'])}" for one in failed),
        *(f"- {_code(one['stage'])}{_seconds(one)}{_why(one['reasons'])}" for one in ran[:ROWS]),
        *_more(ran),
    ]
    return _folded(title, lines) if lines else f"{title}.\n"


def _seconds(stage: Mapping[str, Any]) -> str:
    return "" if stage["seconds"] is None else f" ({stage['seconds']:.1f} s)"


def _why(reasons: Sequence[str]) -> str:
    """Give the first reason, and how many more there are."""
    if not reasons:
        return ""
    more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return f": {_code(reasons[0])}{more}"


def _folded(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"<details><summary>{title}</summary>", "", *lines, "", "</details>", ""])


def _more(listed: Sequence[Any]) -> list[str]:
    return [f"- and {len(listed) - ROWS} more"] if len(listed) > ROWS else []


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _code(value: object) -> str:
    """Show a name or value as it is: whoever chose it can neither link, call nor format with it."""
    text = " ".join(str(value).split()).replace("`", "'").replace("|", "¦") or " "
    return f"`{text[: VALUE - 1]}…`" if len(text) > VALUE else f"`{text}`"


def _plain(text: str) -> str:
    """Show a sentence of ours, in which names of others may stand, as text and nothing else."""
    flat = " ".join(text.split()).replace("|", "¦").replace("`", "'")
    for sign in "\\*_[]<>#@~":
        flat = flat.replace(sign, f"\\{sign}" if sign != "@" else "＠")
    return flat


def _fenced(text: str) -> str:
    return text.replace("```", "'''")[-4000:]
