"""A diagnosis as lines of plain text, for a terminal or a notebook."""

from collections.abc import Mapping
from typing import Any

from foursplit.diagnosis.decomposition.verdict import NAMES

BASELINE = "ST014"  # finding: the model does not beat the baseline


def lines(report: Mapping[str, Any]) -> list[str]:
    """Return the summary of a diagnosis as diagnosis.json holds it, in percent."""
    baseline = report.get("baseline")
    result = [] if baseline is None or baseline["beaten"] else [_baseline(report), ""]
    for split, block in report["splits"].items():
        result.append(f"{split:<10} {_error(block)}")
    if "unseen" in report:
        result.append(f"{'unseen':<10} {_error(report['unseen'])}, train-dev and dev together")
    result.append("")
    for row in report["ledger"]:
        p_largest = row["p_largest"]
        largest = "" if p_largest is None else f", P(largest) = {p_largest:.0%}"
        result.append(
            f"{NAMES[row['gap']]:<21} {row['value']:+7.2%}{_interval(row)}  "
            f"{row['status']}{largest}"
        )
    if "unseen" in report:
        result.append(report["unseen"]["difference"]["sentence"])
    result += _ceilings(report["ceilings"])
    result += ["", report["verdict"]["sentence"]]
    if report["human"] and len(report["human"]["levels"]) > 1:
        result.append(report["human"]["why"])
    result += [f"{f['code']} {f['title']}" for f in report["findings"] if f["code"] != BASELINE]
    result += ["", "Next:"]
    for step in report["next"]:
        gain = "" if step["gain"] is None else f" (at most {step['gain']:.2%})"
        result.append(f"{step['rank']}. {step['action']}{gain}")
        result.append(f"   confirm by: {step['confirm_by']}; stop when: {step['stop_rule']}")
    return result


def _baseline(report: Mapping[str, Any]) -> str:
    """Say first of all that a model does not beat the baseline."""
    title = next(f["title"] for f in report["findings"] if f["code"] == BASELINE)
    return f"{title[:1].upper()}{title[1:]}."


def _ceilings(ceilings: Mapping[str, Any]) -> list[str]:
    """Format what perfect components and fixed error types would gain."""
    result = [""] if ceilings["parts"] or ceilings["types"] else []
    for part in ceilings["parts"]:
        ceiling = part["cumulative"] or part["alone"]
        alone = "" if part["cumulative"] else ", alone"
        missing = f"; missing: {part['missing'][0]}" if part["missing"] else ""
        result.append(f"perfect {part['component']}: {_gain(ceiling)}{alone}{missing}")
    return result + [f"no {row['type']} errors: {_gain(row)}" for row in ceilings["types"]]


def _gain(ceiling: Mapping[str, Any] | None) -> str:
    if ceiling is None:
        return "unknown"
    return f"{ceiling['value']:.2%} lower dev error{_interval(ceiling)}"


def _error(block: Mapping[str, Any]) -> str:
    if block["n"] == 0:
        return f"{block['value']:7.2%}  given"
    groups = "" if block["n_groups"] == block["n"] else f" in {block['n_groups']:,} groups"
    return f"{block['value']:7.2%}{_interval(block)}  {block['n']:,} examples{groups}"


def _interval(block: Mapping[str, Any]) -> str:
    if block["lo"] is None:
        return ""
    sign = "" if "n" in block else "+"  # only a gap has a sign
    return f"  [{block['lo']:{sign}.2%}, {block['hi']:{sign}.2%}]"
