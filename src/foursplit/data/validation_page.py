"""Render the validation result as a self-contained HTML page."""

from html import escape
from typing import Any

from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.splits import TITLES
from foursplit.data.download import catalogue
from foursplit.data.run_expectations import entries

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;
color:#1b1b1f}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;
border-bottom:1px solid #ddd;vertical-align:top}code{font-size:.9em}
.ok{color:#1a6b3c}.bad{color:#a3211b;font-weight:600}dt{font-weight:600}dd{margin:0 0 .5rem}
@media(prefers-color-scheme:dark){body{background:#16171a;color:#e6e6e8}th,td{border-color:#3a3b40}
.ok{color:#6fcf97}.bad{color:#ff8a80}}
"""


def render_page(dataset: DatasetSpec, result: dict[str, Any]) -> str:
    """Return the page: the dataset, then each expectation, failed ones first."""
    found = sorted(result["expectations"], key=lambda entry: entry["success"])
    n, failed = len(entries(result)), sum(not entry["success"] for entry in entries(result))
    verdict = (
        f"<p class=bad>{failed} of {n} expectations failed; the pipeline stopped.</p>"
        if failed
        else f"<p class=ok>All {n} expectations pass on {result['n_rows']:,} rows.</p>"
    )
    facts = {"Provenance": dataset.provenance, "Licence": catalogue.licences(dataset)}
    facts["Cite"] = catalogue.citations(dataset)
    about = "".join(f"<dt>{k}</dt><dd>{escape(v)}</dd>" for k, v in facts.items())
    rows = "\n".join(map(_row, found))
    return f"""<!doctype html><html lang=en><meta charset=utf-8>
<meta name=viewport content="width=device-width,initial-scale=1">
<title>{escape(dataset.title)}: validation</title><style>{STYLE}</style>
<h1>{escape(dataset.title)}: validation</h1>{verdict}<dl>{about}</dl>
<table><thead><tr><th>Result<th>Column<th>Expectation<th>Observed</thead><tbody>
{rows}
</tbody></table>{_profile(result["profile"]) if "profile" in result else ""}</html>
"""


def _profile(profile: dict[str, Any]) -> str:
    """Return the figures of each split and domain, and the expectations on them."""
    blocks = profile["figures"]
    names = list(dict.fromkeys(name for block in blocks for name in block))[2:]
    head = "".join(f"<th>{TITLES[block['split']]}, {escape(block['domain'])}" for block in blocks)
    figures = "\n".join(
        f"<tr><td><code>{escape(name)}</code>"
        + "".join(f"<td>{escape(_figure(block.get(name)))}" for block in blocks)
        for name in names
    )
    pairs = [(s, entry) for s, part in profile["splits"].items() for entry in part["expectations"]]
    rows = "\n".join(
        _row(entry).replace(
            "<tr><td>", f"<tr><td style='white-space:nowrap'>{TITLES[split]}<td>", 1
        )
        for split, entry in sorted(pairs, key=lambda pair: pair[1]["success"])
    )
    return f"""
<h2>Profile of the examples by split and domain</h2>
<div style="overflow-x:auto"><table><thead><tr><th>Figure{head}</thead><tbody>
{figures}
</tbody></table></div>
<h2>Expectations on the profile of each split</h2>
<table><thead><tr><th>Split<th>Result<th>Column<th>Expectation<th>Observed</thead><tbody>
{rows}
</tbody></table>"""


def _figure(value: Any) -> str:
    """Format a figure: a text, a number, a range with its mean, or shares by class."""
    if not isinstance(value, dict):
        return "" if value is None else f"{value:g}" if isinstance(value, float) else f"{value}"
    if value.keys() == {"min", "mean", "max"}:
        if value["min"] == value["max"]:
            return f"{value['mean']:g}"
        return "{min:g} to {max:g}, mean {mean:g}".format(**value)
    return ", ".join(f"{name} {share:.1%}" for name, share in value.items())


def _row(entry: dict[str, Any]) -> str:
    mark = "<span class=ok>passes</span>" if entry["success"] else "<span class=bad>fails</span>"
    arguments = ", ".join(f"{key}={value}" for key, value in entry["arguments"].items())
    observed = entry["note"] or ""
    if entry["unexpected"]:
        shown = "; ".join(f"row {row['row']}: {row['value']}" for row in entry["rows"])
        observed = f"{entry['unexpected']} rows ({entry['share']:.2%}): {shown}"
    elif entry["observed"] is not None:
        observed = str(entry["observed"])
    return (
        f"<tr><td>{mark}<td><code>{escape(str(entry['column']))}</code>"
        f"<td><code>{escape(entry['expectation'])}({escape(arguments)})</code>"
        f"<td>{escape(observed)}"
    )
