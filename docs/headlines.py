"""The page that holds what was published against what is measured here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml
from docs.headline_figure import Figure

from docs import headline_words

HEAD = """\
# Headline figures

What the courses and papers print, and what this project measures. Written by `make docs` from
[published.yaml](published.yaml) (theirs, with its sources), `metrics.full.json` and
`published.json` and `drawn.json` in `benchmarks/results/` (ours): edit none of this page. *Met*
compares means; the interval, of 95 %, says how much of that may be chance.
"""
COMPARABLE = ("same examples", "same data", "not comparable")
AT_LEAST, NOTHING = "at least", "nothing"
NOT_YET = "not measured yet"
NONE = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTest:
    """What a comparison group's winner does on test; errors as fractions."""

    key: str  # of the winner
    error: float
    lo: float
    hi: float
    trivial: float
    n: int
    n_seeds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What benchmarks kept, where they have run."""

    took: Mapping[str, Any] | None = None  # benchmarks/full.py: the clock, of which no metric is
    begun: Mapping[str, Any] | None = None  # benchmarks/published_starts.py, published_planar.py
    drawn: Mapping[str, Any] | None = None  # benchmarks/drawn.py
    words: Mapping[str, Any] | None = None  # benchmarks/published_words.py


def page(root: Path) -> str:
    """Write the page from the project's files."""
    figures = parse((root / "docs/published.yaml").read_text(encoding="utf-8"))
    path = root / "benchmarks/results/published.json"
    made = json.loads(path.read_text(encoding="utf-8"))
    metrics = json.loads((root / "metrics.full.json").read_text(encoding="utf-8"))
    params = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
    tested = winners(params.get("full") or {"experiments": {}}, metrics)
    benchmarks = {
        name: _kept(root / f"benchmarks/results/{file}.json")
        for name, file in (
            ("took", "full"),
            ("begun", "published_starts"),
            ("drawn", "drawn"),
            ("words", "published_words"),
        )
    }
    planar = _kept(root / "benchmarks/results/published_planar.json")
    if planar and benchmarks["begun"]:
        benchmarks["begun"]["tables"] |= planar["tables"]
    return render(figures, tested, made, Measured(**benchmarks))


def _kept(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def parse(text: str) -> tuple[Figure, ...]:
    """Read the figures, refusing unknown or missing fields and values."""
    return tuple(_figure(block) for block in yaml.safe_load(text)["figures"])


def _figure(block: Mapping[str, Any]) -> Figure:
    name = block.get("name", block)
    known = {field.name for field in fields(Figure)}
    missing = known - {"to", "printed"} - set(block)
    if missing or set(block) - known:
        raise ValueError(f"{name}: fields {sorted(block)}; a figure has {sorted(known)}")
    figure = Figure(**block)
    if figure.comparable not in COMPARABLE:
        raise ValueError(f"{name}: comparable {figure.comparable!r}; valid are {COMPARABLE}")
    ways = {AT_LEAST: {"drawn", "model"} if "drawn" in figure.ours else {"group"}, NOTHING: set()}
    digits = isinstance(figure.wanted, Mapping) and set(figure.wanted) == {"digits"}
    wanted = {"table", "value"} if digits else ways.get(str(figure.wanted))
    by_digits = digits and (figure.from_start or figure.from_words)
    if wanted is None or (set(figure.ours) != wanted and not by_digits):
        raise ValueError(
            f"{name}: ours {dict(figure.ours)} with wanted {figure.wanted!r}; valid are a group, "
            f"or drawn and model, with {AT_LEAST!r}, table or start and value with digits, or "
            f"words with digits, and none of them with {NOTHING!r}"
        )
    return figure


def winners(section: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, OnTest]:
    """Find, by comparison group, the test error of its winner where one was measured."""
    found = {}
    for course, block in section["experiments"].items():
        for key, experiment in (block or {}).items():
            row = metrics.get(course, {}).get(key, {})
            if "test_lo" in row:
                found[experiment["group"]] = OnTest(
                    key=key,
                    error=row["test"],
                    lo=row["test_lo"],
                    hi=row["test_hi"],
                    trivial=row["test_baseline"],
                    n=row["n_test"],
                    n_seeds=row["n_seeds"],
                )
    return found


def render(
    figures: Sequence[Figure],
    tested: Mapping[str, OnTest],
    made: Mapping[str, Any],
    benchmarks: Measured = Measured(),
) -> str:
    """Write the tables, then where each published figure comes from."""
    on_test = [
        _on_test(figure, tested, benchmarks.took) for figure in figures if "group" in figure.ours
    ]
    on_train = [_on_train(figure, made) for figure in figures if "table" in figure.ours]
    rest = [f for f in figures if not f.ours]
    return "\n".join(
        [
            HEAD,
            "## On the published test examples",
            "",
            "Accuracy of the group's winner, mean over seeds. Ours is scored by `final`, once.",
            "",
            "| exercise | figure | published | trivial | ours | met | comparable | seconds |",
            "|---|---|---:|---:|---:|---|---|---:|",
            *on_test,
            "",
            _clock(benchmarks.took),
            "",
            *_from_starts(figures, benchmarks.begun),
            *_of_words(figures, benchmarks.words),
            "## On the training set, as the courses print it",
            "",
            "Made again on all rows with the course's own start, rate and number of steps "
            "(`benchmarks/published.py`). Beside it what the same cost gives when it has "
            "converged, and what the course's recipe gives on rows that it has not seen: mean and "
            f"interval over {made['folds']['repeats']} times {made['folds']['n_folds']} folds.",
            "",
            "| exercise | figure | published | trivial | ours | converged | held out | met "
            "| comparable | seconds |",
            "|---|---|---:|---:|---:|---:|---:|---|---|---:|",
            *on_train,
            "",
            f"Seconds are of the course's run on all rows, one thread of {made['device']}.",
            "",
            *_on_draws(
                [f for f in figures if "drawn" in f.ours],
                benchmarks.drawn["tables"] if benchmarks.drawn else {},
            ),
            *_unmeasured(rest),
            "## Where each figure comes from",
            "",
            *(_origin(figure) for figure in figures),
            "",
        ]
    )


def _clock(took: Mapping[str, Any] | None) -> str:
    if took is None:
        return "How long it takes has not been measured yet (`benchmarks/full.py`)."
    return (
        f"Seconds are of training all seeds, {took['cores']} cores of {took['device']}, stages "
        f"side by side. From a mirror, fetch to final: all {took['stages']} stages of "
        f"`foursplit repro --full` in {took['seconds'] / 60:.1f} minutes, of them "
        f"{took['fetch_s']:.0f} s of fetching (`benchmarks/full.py`). Accepted by name for "
        f"it: {', '.join(took['accepted'])}."
    )


def _on_test(figure: Figure, tested: Mapping[str, OnTest], took: Mapping[str, Any] | None) -> str:
    found = tested.get(figure.ours["group"])
    trivial, ours, met, seconds = NONE, NONE, NOT_YET, None
    if found:
        seconds = took["train_s"].get(found.key) if took else None
        trivial = f"{1 - found.trivial:.1%}"
        seeds = "1 seed" if found.n_seeds == 1 else f"{found.n_seeds} seeds"
        ours = (
            f"{1 - found.error:.2%} ({1 - found.hi:.1%} to {1 - found.lo:.1%}; "
            f"n = {found.n:,}, {seeds})"
        )
        met = verdict(figure, found)
    cells = (_exercise(figure), figure.name, _published(figure), trivial, ours, met)
    return _row(*cells, figure.comparable, NONE if seconds is None else f"{seconds:,.0f}")


def verdict(figure: Figure, found: OnTest) -> str:
    """Say in words whether ours reaches the lowest published figure, and how significantly.

    Accuracies are compared to six digits: what is printed with six is met by what it stands for.
    """
    accuracy, lo, hi = (round(1 - error, 6) for error in (found.error, found.hi, found.lo))
    least = round(figure.value, 6)
    if lo > (figure.to or least):
        return "met, significantly"
    if accuracy >= least:
        return "met" if figure.to is None or accuracy > figure.to else "met, within the range"
    if hi >= least:
        return "not met; the difference may be chance"
    return "not met"


def _from_starts(figures: Sequence[Figure], begun: Mapping[str, Any] | None) -> list[str]:
    """Write what the course's own first weights give, and other draws of them."""
    mine = [figure for figure in figures if figure.from_start]
    if not mine or begun is None:
        return []
    return [
        "## From the course's own first weights",
        "",
        "Made again with the course's seed, on all of its training photos "
        "(`benchmarks/published_starts.py`) or on its own draws of points in a plane "
        "(`benchmarks/published_planar.py`). Beside it what other seeds of the same draw give: "
        "mean, lowest and highest, and how many do as well.",
        "",
        "| exercise | figure | published | trivial | ours | other seeds | met | comparable "
        "| seconds |",
        "|---|---|---:|---:|---:|---|---|---|---:|",
        *(_from_start(figure, begun) for figure in mine),
        "",
        f"Seconds are of one training, one thread of {begun['device']}.",
        "",
    ]


def _from_start(figure: Figure, begun: Mapping[str, Any]) -> str:
    table = begun["tables"][figure.ours["start"]]
    ours, others, judged = table["course"][figure.ours["value"]], table.get("others"), NONE
    on_test = figure.ours["value"] == "test_accuracy"
    if others and figure.ours["value"] == others.get("value", "test_accuracy"):
        judged = (
            f"{others['mean']:.1%} ({others['lo']:.0%} to {others['hi']:.0%}; "
            f"{others['as_good']} of {others['n']} as good)"
        )
    return _row(
        _exercise(figure),
        f"{figure.name} ({figure.unit})" if figure.unit != "accuracy" else figure.name,
        _published(figure),
        f"{table['trivial']:.0%}" if on_test else NONE,
        f"{ours:.6%}" if figure.unit == "accuracy" and not on_test else figure.shown(ours),
        judged,
        "met" if agrees(figure, ours) else f"not met: {ours!r}",
        figure.comparable,
        f"{table['seconds']:.0f}",
    )


def _of_words(figures: Sequence[Figure], words: Mapping[str, Any] | None) -> list[str]:
    """Write what published word vectors give, to the digit."""
    mine = [figure for figure in figures if figure.from_words]
    if not mine or words is None:
        return []
    rows = []
    for figure in mine:
        assert isinstance(figure.wanted, Mapping)
        ours = words["figures"][figure.ours["words"]]
        met = "met" if agrees(figure, ours) else f"not met: {ours!r}"
        shown = f"{ours:.{figure.wanted['digits']}g}"
        cells = (_published(figure), shown, met, figure.comparable)
        rows.append(_row(_exercise(figure), figure.name, *cells))
    return headline_words.section(words, rows)


def _on_train(figure: Figure, made: Mapping[str, Any]) -> str:
    table, name = made["tables"][figure.ours["table"]], figure.ours["value"]
    ours, plain = table["course"][name], name.removesuffix("_printed")
    out = table["held_out"]["course"].get(name)
    shown = figure.shown
    held = f"{shown(out['mean'])} ({shown(out['lo'])} to {shown(out['hi'])})" if out else NONE
    trivial, end = table["trivial"].get(plain), table["converged"].get(plain)
    return _row(
        _exercise(figure),
        f"{figure.name} ({figure.unit})" if figure.unit != "accuracy" else figure.name,
        _published(figure),
        NONE if trivial is None else shown(trivial),
        shown(ours),
        NONE if end is None else shown(end),
        held,
        "met" if agrees(figure, ours) else f"not met: {ours!r}",
        figure.comparable,
        f"{table['seconds']:.1f}",
    )


def _on_draws(figures: Sequence[Figure], drawn: Mapping[str, Any]) -> list[str]:
    """Tabulate what was published of one random split, beside many."""
    if not figures:
        return []
    return [
        "## On one split drawn at random, as the course prints it",
        "",
        "The course's table of heart patients leaks the label: by its counts, where a hospital "
        "wrote no slope of the ST segment it says *up* of every healthy patient and *flat* of "
        "every ill one. "
        "Ours is measured with slopes filled in that way (*met* compares with it), without them, "
        "and at hospitals that training has not seen (`benchmarks/drawn.py`): means with intervals "
        "of 95 %, the range of 95 % of single draws, and the lowest and highest hospital.",
        "",
        "| exercise | figure | published | trivial | ours with the leak | single draws | met "
        "| without the leak | at an unseen hospital | comparable |",
        "|---|---|---:|---:|---:|---:|---|---:|---:|---|",
        *(_drawn(figure, drawn[figure.ours["drawn"]]) for figure in figures),
        "",
    ]


def _drawn(figure: Figure, table: Mapping[str, Any]) -> str:
    leak, gaps = (table[way][figure.ours["model"]] for way in ("leak", "gaps"))
    unseen = sorted(gaps["unseen"].values())
    return _row(
        _exercise(figure),
        figure.name,
        _published(figure),
        f"{table['gaps']['trivial']['mean']:.1%}",
        _interval(leak),
        f"{leak['low']:.1%} to {leak['high']:.1%}",
        over_draws(figure, leak),
        _interval(gaps),
        f"{unseen[0]:.1%} to {unseen[-1]:.1%}",
        figure.comparable,
    )


def over_draws(figure: Figure, found: Mapping[str, float]) -> str:
    """Say whether the mean over draws reaches the published figure, or a single draw may."""
    if found["mean"] >= figure.value:
        return "met"
    if found["high"] >= figure.value:
        return "not on average; within single draws"
    return "not met"


def _interval(found: Mapping[str, float]) -> str:
    return f"{found['mean']:.1%} ({found['lo']:.1%} to {found['hi']:.1%})"


def agrees(figure: Figure, ours: float) -> bool:
    """Whether ours rounds to the published figure's digits."""
    assert isinstance(figure.wanted, Mapping)
    form = f"{{:.{figure.wanted['digits']}g}}"
    return form.format(ours) == form.format(figure.value)


def _published(figure: Figure) -> str:
    low = figure.printed or figure.shown(figure.value)
    return low if figure.to is None else f"{low} to {figure.shown(figure.to)}"


def _exercise(figure: Figure) -> str:
    return NONE if figure.exercise == "none" else figure.exercise


def _unmeasured(figures: Sequence[Figure]) -> list[str]:
    if not figures:
        return []
    rows = [
        f"- {f.name} ({f.exercise}): published {_published(f)} {f.unit}; {f.comparable}: {f.why}."
        for f in figures
    ]
    return ["## Published, and not measured here", "", *rows, ""]


def _origin(figure: Figure) -> str:
    held = f"{figure.comparable.capitalize()}: {figure.why}."
    return f"- **{figure.name}**: {figure.source}. Protocol: {figure.protocol}. {held}"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
