"""README, terminal, report and MLflow say the same of the same run: one function's verdict."""

import json
import re
from pathlib import Path

import pytest

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.evaluation.results import collect
from foursplit.reporting import terminal
from foursplit.reporting.tables import metrics
from foursplit.reporting.tables.findings import short_verdict
from foursplit.tracking.runs import run_data

ROOT = Path(__file__).resolve().parents[2]


def check(entries, index):
    """Compare the verdict of each experiment wherever it is shown."""
    tree = metrics.tree(entries)
    table = terminal.render(entries)
    for entry in entries:
        verdict = short_verdict(entry.diagnosis)
        assert tree[entry.course][entry.key]["verdict"] == verdict
        row = next(line for line in table.splitlines() if f" {entry.key} " in f"{line} ")
        assert verdict in row, entry.key
        entry.manifest.setdefault("model_hash", "")  # which a miniature has not
        tags = run_data._tags(entry, min(entry.summaries))
        assert tags["diagnosis.short_verdict"] == verdict
        link = index.index(f"experiments/{entry.key}.html", index.index('class="folds'))
        assert verdict in index[link:], entry.key


def test_a_projects_pages_and_tables_agree(reported, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_ROOT", str(reported))
    paths.root.cache_clear()
    entries = collect(load())
    index = (reported / "reports" / "index.html").read_text(encoding="utf-8")
    check(entries, index)
    stored = json.loads((reported / "metrics.json").read_text(encoding="utf-8"))
    for entry in entries:
        assert stored[entry.course][entry.key]["verdict"] == short_verdict(entry.diagnosis)
    paths.root.cache_clear()


def test_the_default_pipelines_stored_results_agree():
    """Where the pipeline has run here, the diagnoses say what metrics.json and README say."""
    stored = json.loads((ROOT / "metrics.json").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| \d+ \| `(\w+)`.* \| ([^|]+) \|$", readme, flags=re.M)
    assert rows
    verdicts = {key: row["verdict"] for course in stored.values() for key, row in course.items()}
    for group, name, verdict in rows:
        key = f"{group}_{name}" if f"{group}_{name}" in verdicts else name
        assert verdicts[key] == verdict, group
    if not (ROOT / "reports" / "index.html").is_file():
        pytest.skip("the pipeline has not run in this clone: README and metrics.json agree")
    index = (ROOT / "reports" / "index.html").read_text(encoding="utf-8")
    entries = collect(load().of(""))
    check(entries, index)
    for entry in entries:
        assert verdicts[entry.key] == short_verdict(entry.diagnosis)
