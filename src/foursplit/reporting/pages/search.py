"""The page of a hyperparameter search, of the figures that lessons have."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from foursplit.config import paths
from foursplit.config.schema import Params
from foursplit.core.lesson_figures import Contour, Lesson, Lines, Section, Series, Table
from foursplit.io import artifacts
from foursplit.reporting.pages import lesson as lesson_page

Content = Mapping[str, Any]

BEST_SHARE = 0.2  # of the trials, in a colour of their own
N_LEVELS = 8  # of the contour plot

SCALES = {"linear": "linear", "log": "log", "one_minus": "log of 1 - value"}

SAMPLERS = {
    "random": "random",
    "random_linear": "random, linear scales",
    "grid": "grid",
    "tpe": "TPE",
    "successive_halving": "successive halving",
}


def searches(params: Params) -> list[dict[str, Any]]:
    """Return the pages' contents of the searches in params.yaml that have run."""
    keys = [key for block in params.searches.values() for key in block]
    return [content(key) for key in keys if paths.search(key, "json").is_file()]


def content(key: str) -> dict[str, Any]:
    """Return what the page of a search shows, as a lesson's."""
    found = artifacts.read_json(paths.search(key, "json"))
    return {"key": key, "week": found["week"], **_lesson(found).as_json()}


def write_pages(params: Params, reports: Path) -> list[dict[str, Any]]:
    """Write `searches/` of the report, if params.yaml has searches; return the pages' contents."""
    if not params.searches:
        return []
    shown = searches(params)
    with artifacts.atomic_directory(reports / "searches") as folder:
        for one in shown:
            artifacts.write_text(folder / f"{one['key']}.html", page(one))
    return shown


def page(shown: Content) -> str:
    """Render the page of what `content` returned."""
    return lesson_page.page(shown)


def _lesson(found: Content) -> Lesson:
    sections = [_budget(found)]
    if found["best"]:
        sections.append(_trials(found))
    if found["importance"]:
        sections.append(_importance(found))
    best = found["best"]
    numbers = {}
    if best:
        numbers = {"best_dev": best["dev"], "best_train_dev": best["train_dev"]}
        numbers |= {"optimism": found["optimism"], "trials": len(found["trials"])}
    return Lesson(
        title=f"Hyperparameter search: {found['key']}",
        lead=_lead(found),
        sections=tuple(sections),
        numbers=numbers,
        source="Ng, DLS C2 W3; Bergstra and Bengio (2012); Bergstra et al. (2011); Jamieson and "
        "Talwalkar (2016); Hutter, Hoos and Leyton-Brown (2014)",
    )


def _lead(found: Content) -> str:
    best = found["best"]
    if not best:
        return "Every training diverged: make the ranges smaller."
    values = ", ".join(f"{name} {value}" for name, value in best["values"].items())
    luck = f"{found['optimism']:.2g}" if found["optimism"] is not None else "an unknown part"
    return (
        f"The best of {found['looks']} models of {found['experiment']} has {found['metric']} "
        f"{best['dev']:.4g} on dev, and {best['train_dev']:.4g} on train-dev, which plays no part "
        f"in the choice: {values}. The best of so many equal models would look better on dev than "
        f"it is by {luck}."
    )


def _budget(found: Content) -> Section:
    samplers = found["samplers"]
    budget = np.arange(1, found["n_trials"] + 1)
    series = tuple(
        Series(
            name=SAMPLERS[name],
            x=budget,
            y=[np.nan if v is None else v for v in each["best_so_far"]],
            group=place,
        )
        for place, (name, each) in enumerate(samplers.items())
    )
    rows = tuple(_sampler_row(found, name) for name in samplers)
    return Section(
        heading="Samplers on the same budget",
        text=(
            f"Each sampler may train {found['n_trials']} whole models of {found['max_epochs']} "
            f"epochs, {found['n_repeats']} times, with other draws and other first weights. "
            "Successive halving begins more trainings, and goes on with the better ones.",
            *_sentences(found),
        ),
        figures=(
            Lines(
                title="The best so far",
                x_label="budget, whole trainings",
                y_label=f"{found['metric']} on dev, mean over repeats",
                series=series,
            ),
            Table(
                title="The best of each repeat",
                columns=(
                    "sampler", "trials", "whole", "dev", "95 % interval", "train-dev",
                    "more than random, 95 % interval",
                ),
                rows=rows,
                caption="Intervals by Student's t over the repeats; the last column compares with "
                "random repeat by repeat, and an interval without 0 tells them apart.",
            ),
        ),
    )  # fmt: skip


def _sampler_row(found: Content, name: str) -> tuple[str | float | int, ...]:
    each = found["samplers"][name]
    difference = found["differences"].get(name)
    return (
        SAMPLERS[name],
        each["n_trials"],
        each["n_whole"],
        _number(each["dev"]["value"]),
        _interval(each["dev"]),
        _number(each["train_dev"]["value"]),
        _interval(difference, "+") if difference else "–",
    )


def _sentences(found: Content) -> list[str]:
    """Say which samplers differ from random, of those that are compared with it."""
    apart, alike = [], []
    for name, each in found["differences"].items():
        if each["lo"] is None:
            continue
        if each["lo"] > 0 or each["hi"] < 0:
            apart.append(f"{SAMPLERS[name]} is {'worse' if each['lo'] > 0 else 'better'}")
        else:
            alike.append(SAMPLERS[name])
    text = []
    if apart:
        text.append(f"Compared with random, {', '.join(apart)}.")
    if alike:
        text.append(f"These repeats do not distinguish {', '.join(alike)} from random.")
    return text


def _trials(found: Content) -> Section:
    names = [*found["space"]]
    ended = [trial for trial in found["trials"] if trial["dev"] is not None]
    sign = 1 if found["direction"] == "minimize" else -1
    ended.sort(key=lambda trial: sign * trial["dev"])
    n_best = max(1, round(BEST_SHARE * len(ended)))
    groups = [("others", ended[n_best:], 7), (f"best {n_best}", ended[:n_best], 0)]
    rows = tuple(
        (
            name,
            _given(given),
            SCALES[given["scale"]] if not given["choices"] else "choices",
            str(found["best"]["values"][name]) if found["best"] else "–",
        )
        for name, given in found["space"].items()
    )
    axes = ", ".join(f"{place}: {name}" for place, name in enumerate(names, start=1))
    return Section(
        heading="The trials",
        text=(
            "A line is a whole training, and its height at each hyperparameter is the place of the "
            f"value on its scale, from the lowest (0) to the highest (1). Axes: {axes}; at the "
            f"right, {found['metric']} on dev, the best at 0.",
        ),
        figures=(
            Lines(
                title="Parallel coordinates",
                x_label="hyperparameter, by its number",
                y_label="place on its scale",
                series=tuple(
                    line
                    for name, trials, color in groups
                    for line in _lines(names, name, trials, ended, color)
                ),
            ),
            Table(
                title="The space",
                columns=("hyperparameter", "range", "scale", "best"),
                rows=rows,
            ),
        ),
    )


def _lines(
    names: Sequence[str],
    group: str,
    trials: Sequence[Content],
    ended: Sequence[Content],
    color: int,
) -> list[Series]:
    """Return a line a trial; the first has the name of its group, for the legend."""
    values = [trial["dev"] for trial in ended]
    best, span = values[0], (values[-1] - values[0]) or 1.0
    return [
        Series(
            name=group if place == 0 else "",
            x=[*range(1, len(names) + 2)],
            y=[*(trial["places"][n] for n in names), (trial["dev"] - best) / span],
            group=color,
        )
        for place, trial in enumerate(trials)
    ]


def _importance(found: Content) -> Section:
    shares = found["importance"]
    rows = tuple((name, f"{share:.0%}") for name, share in shares.items())
    figures: list[Table | Contour] = [
        Table(title="Share of the variance", columns=("hyperparameter", "share"), rows=rows)
    ]
    if found["contour"]:
        figures.append(_contour(found))
    return Section(
        heading="Which hyperparameter matters",
        text=(
            "fANOVA fits a random forest to all whole trainings, and divides the variance of the "
            "metric among the hyperparameters, each alone. Shares are of what they explain alone, "
            "and hold for these ranges: a wider range makes its hyperparameter more important.",
        ),
        figures=tuple(figures),
    )


def _contour(found: Content) -> Contour:
    shown = found["contour"]
    z = np.array(shown["z"])
    ended = [trial for trial in found["trials"] if trial["dev"] is not None]
    places = [(trial["places"][shown["x"]], trial["places"][shown["y"]]) for trial in ended]
    best = found["best"]["places"]
    return Contour(
        title=f"{found['metric']} over the two that matter most",
        x_label=f"{shown['x']}, place on its scale",
        y_label=f"{shown['y']}, place on its scale",
        x=shown["axis"],
        y=shown["axis"],
        z=z,
        levels=np.linspace(z.min(), z.max(), N_LEVELS + 2)[1:-1],
        series=(
            Series(name="trial", x=[x for x, _ in places], y=[y for _, y in places], mark="points"),
            Series(name="best", x=[best[shown["x"]]], y=[best[shown["y"]]], mark="crosses"),
        ),
        caption="As a random forest fits it to all whole trainings, averaged over the others.",
    )


def _given(given: Content) -> str:
    if given["choices"]:
        return ", ".join(map(str, given["choices"]))
    return f"{given['low']:g} to {given['high']:g}"


def _number(value: float | None) -> str | float:
    return "–" if value is None else f"{value:.4f}"


def _interval(value: Mapping[str, float | None], sign: str = "") -> str:
    if value["lo"] is None or value["hi"] is None:
        return "–"
    return f"{value['lo']:{sign}.4f} to {value['hi']:{sign}.4f}"
