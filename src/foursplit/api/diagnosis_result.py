"""What `foursplit.diagnose` returns: a diagnosis as sentences, data frames, a page or JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.diagnosis.slices.slice_report import describe_slice
from foursplit.io import artifacts
from foursplit.reporting.diagnosis_text import lines

SPLIT_COLUMNS = ("split", "error", "lo", "hi", "n", "n_groups")
LEDGER_COLUMNS = ("gap", "from", "to", "value", "lo", "hi", "status", "p_largest")
STEP_COLUMNS = ("rank", "action", "gain", "confirm_by", "stop_rule", "link")
SLICE_COLUMNS = ("slice", "error", "lo", "hi", "n", "rest", "recoverable", "q", "confirmed")
TAG_COLUMNS = ("tag", "count", "share", "lo", "hi", "ceiling")
FINDING_COLUMNS = ("code", "severity", "title")


@dataclass(frozen=True, slots=True, repr=False)
class DiagnosisResult:
    """Where a model's error comes from, and what to try next.

    `report` is what `foursplit diagnose --json` writes; the properties are parts of it.
    """

    report: Mapping[str, Any] = field(hash=False)
    name: str = "model"

    @property
    def verdict(self) -> str:
        """Return the conclusion in a sentence."""
        sentence: str = self.report["verdict"]["sentence"]
        return sentence

    @property
    def splits(self) -> pd.DataFrame:
        """Return the error of each split with its interval, as fractions."""
        rows = [
            {"split": split, "error": block["value"], **block}
            for split, block in self.report["splits"].items()
        ]
        return _frame(rows, SPLIT_COLUMNS)

    @property
    def ledger(self) -> pd.DataFrame:
        """Return the gaps between neighbouring errors with their intervals, as fractions."""
        return _frame(self.report["ledger"], LEDGER_COLUMNS)

    @property
    def next_steps(self) -> pd.DataFrame:
        """Return what to try, the most promising first; `gain` is the most it can bring."""
        return _frame(self.report["next"], STEP_COLUMNS)

    @property
    def findings(self) -> pd.DataFrame:
        """Return what else stands out; docs/findings.md explains each code."""
        return _frame(self.report["findings"], FINDING_COLUMNS)

    @property
    def slices(self) -> pd.DataFrame:
        """Return groups of dev examples with a larger error than the rest, whose error is `rest`.

        `confirmed` says that examples which the search did not see show it too.
        """
        rows = []
        for row in self.report["slices"].get("slices", []):
            measured = row["blackbox"] or row["eyeball"]
            rows.append({**row, **measured, "slice": describe_slice(row["where"])})
            rows[-1]["error"] = measured["value"]
        return _frame(rows, SLICE_COLUMNS)

    @property
    def tags(self) -> pd.DataFrame:
        """Return each tag's share of the dev error that was read, and what is gained without it."""
        return _frame(self.report["tags"].get("tags", []), TAG_COLUMNS)

    def plot(self) -> "Plot":
        """Return a drawing of errors and gaps, which a notebook shows."""
        from foursplit.reporting.pages.diagnosis import gap_plot_file

        return Plot(gap_plot_file(self.report, self.name))

    def to_html(self, path: str | Path | None = None) -> str:
        """Return the diagnosis as a page that works offline; write it if a path is given."""
        from foursplit.reporting.pages.diagnosis import page

        return _written(page(self.report, self.name), path)

    def to_json(self, path: str | Path | None = None) -> str:
        """Return the whole report as JSON; write it if a path is given."""
        text = json.dumps(self.report, indent=1, sort_keys=True, allow_nan=False) + "\n"
        return _written(text, path)

    def to_markdown(self, path: str | Path | None = None) -> str:
        """Return errors, gaps and steps as Markdown; write it if a path is given."""
        tables = _markdown(self._shown_splits(), "Errors") + _markdown(self._shown_gaps(), "Gaps")
        steps = "\n".join(self._steps())
        text = f"# {self.name}\n\n{self.verdict}\n\n{tables}## Next\n\n{steps}\n"
        return _written(text, path)

    def log_to_mlflow(self) -> None:
        """Write errors and gaps as metrics, page and JSON as artifacts, to MLflow's active run.

        Without an active run MLflow starts one.  Needs the package `mlflow`.
        """
        import mlflow

        metrics = {f"error_{row['split']}": row["error"] for _, row in self.splits.iterrows()}
        metrics |= {f"gap_{row['gap']}": row["value"] for _, row in self.ledger.iterrows()}
        mlflow.log_metrics({key: float(value) for key, value in metrics.items()})
        mlflow.set_tag("verdict", self.verdict)
        mlflow.log_text(self.to_html(), "diagnosis/diagnosis.html")
        mlflow.log_text(self.to_json(), "diagnosis/diagnosis.json")

    def __repr__(self) -> str:
        return "\n".join(lines(self.report))

    def _repr_html_(self) -> str:
        tables = [
            frame.to_html(index=False) for frame in (self._shown_splits(), self._shown_gaps())
        ]
        steps = "".join(f"<li>{escape(step.partition('. ')[2])}</li>" for step in self._steps())
        return (
            f"<p><b>{escape(self.verdict)}</b></p>{self.plot().svg}{''.join(tables)}"
            f"<p>Next:</p><ol>{steps}</ol>"
        )

    def _shown_splits(self) -> pd.DataFrame:
        shown = self.splits
        for column in ("error", "lo", "hi"):
            shown[column] = [_percent(value) for value in shown[column]]
        return shown

    def _shown_gaps(self) -> pd.DataFrame:
        shown = self.ledger[["gap", "value", "lo", "hi", "status"]]
        return shown.assign(
            **{c: [_percent(v, "+") for v in shown[c]] for c in ("value", "lo", "hi")}
        )

    def _steps(self) -> list[str]:
        return [
            f"{step['rank']}. {step['action']}"
            + ("" if step["gain"] is None else f" (at most {step['gain']:.2%})")
            for step in self.report["next"]
        ]


@dataclass(frozen=True, slots=True, repr=False)
class Plot:
    """A drawing as SVG, which a notebook shows and any browser opens."""

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> None:
        """Write the SVG file."""
        artifacts.write_text(Path(path), self.svg)


def _frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame([{c: row.get(c) for c in columns} for row in rows], columns=[*columns])


def _percent(value: float | None, sign: str = "") -> str:
    return "" if value is None or pd.isna(value) else f"{value:{sign}.2%}"


def _markdown(frame: pd.DataFrame, title: str) -> str:
    """Return a table of short cells; pandas needs a package of its own for it."""
    rows = [[*map(str, frame.columns)], ["---"] * len(frame.columns)]
    rows += [["" if pd.isna(cell) else str(cell) for cell in row] for row in frame.to_numpy()]
    cells = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return f"## {title}\n\n" + "\n".join(cells) + "\n\n"


def _written(text: str, path: str | Path | None) -> str:
    if path is not None:
        artifacts.write_text(Path(path), text)
    return text
