"""Answers, labels and probabilities that do not belong together: refused, and never judged.

Two files that count classes from 0 and from 1 look like a model that is wrong throughout.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.cell_values import text
from foursplit.diagnosis.prediction_table import PROBA, PredictionTable

ALL_WRONG = 20  # examples without one right answer, from which chance is no explanation
HUNDRED = 100.0
LARGE = 10.0  # a loss that a fraction never is, nor a residual often
REMEDY = "write both by the same names; if they are right as they are, give a column 'loss'"

Tables = Mapping[str, PredictionTable]
Say = Callable[[str], None]


def refuse_strangers(
    tables: Tables, judged: Iterable[str], flagged: Iterable[str], say: Say
) -> None:
    """Raise for tables whose answers, labels or probabilities cannot mean each other.

    `judged` names the splits whose loss follows from `y` and `y_hat`, `flagged` those that say
    themselves what is an error.
    """
    named = {split: tables[split] for split in judged}
    if named:
        _refuse_answers(named, say)
    for split, table in tables.items():
        if split not in named:
            _refuse_per_cent(table, say, is_flagged=split in flagged)
    _refuse_probabilities(tables, say)


def _refuse_answers(tables: Tables, say: Say) -> None:
    """Raise for answers that are never right for a reason that is the file's; note lone ones."""
    y = pd.concat([text(t.frame["y"]) for t in tables.values()], ignore_index=True)
    y_hat = pd.concat([text(t.frame["y_hat"]) for t in tables.values()], ignore_index=True)
    labels, answers = set(y), set(y_hat)
    at = _at(tables)
    if not labels & answers:
        near = {v.casefold() for v in labels} & {v.casefold() for v in answers}
        why = " (they differ in capital letters)" if near else ""
        raise FoursplitError(
            f"{at}: no answer of 'y_hat' ({_some(answers)}) is ever among the labels of 'y' "
            f"({_some(labels)}){why}: {REMEDY}"
        )
    error = float((y != y_hat).mean())
    shift = _shift(y, y_hat, error)
    if shift and not answers <= labels:
        raise FoursplitError(
            f"{at}: 'y_hat' ({_some(answers)}) seems to number the classes one {shift} than 'y' "
            f"({_some(labels)}): {REMEDY}"
        )
    if error == 1 and len(y) >= ALL_WRONG:
        raise FoursplitError(
            f"{at}: none of {len(y):,} answers is right, such as {y_hat.iloc[0]!r} for "
            f"{y.iloc[0]!r}: do the rows and names of 'y_hat' ({_some(answers)}) belong to those "
            f"of 'y' ({_some(labels)})? {REMEDY.capitalize()}"
        )
    if answers - labels:
        say(
            f"{at}: the answers {_some(answers - labels)} are no label of any table "
            f"({int(y_hat.isin(answers - labels).sum()):,} rows): is a class named otherwise there?"
        )


def _shift(y: pd.Series, y_hat: pd.Series, error: float) -> str:
    """Check whether the answers are numbered otherwise, if that explains most of the error."""
    truth, guess = (pd.to_numeric(c, errors="coerce").to_numpy(np.float64) for c in (y, y_hat))
    if error <= 0.5 or not (np.isfinite(truth).all() and np.isfinite(guess).all()):
        return ""
    for by, words in ((1, "higher"), (-1, "lower")):
        if float((truth + by != guess).mean()) < error / 2:
            return words
    return ""


def _refuse_per_cent(table: PredictionTable, say: Say, *, is_flagged: bool) -> None:
    """Raise for losses of 0 and 100; ask about others that look like per cent beside `is_error`."""
    loss = table.loss
    at = table.path or table.split
    if set(np.unique(loss)) == {0.0, HUNDRED}:
        raise FoursplitError(
            f"{at}: column 'loss' holds 0 and 100, which are per cent: errors are fractions, so "
            "divide it by 100"
        )
    most = float(loss.max())
    if LARGE < most <= HUNDRED and (is_flagged or table.error > 1):
        beside = " beside 'is_error'" if is_flagged else f", {table.error:.4g} on average"
        say(
            f"{at}: losses reach {most:g}{beside}: if they are per cent, divide them by 100, for "
            "errors are fractions; residuals of quantities want --regression"
        )


def _refuse_probabilities(tables: Tables, say: Say) -> None:
    known = {split: t for split, t in tables.items() if len(t.classes) > 1}
    if not known:
        return
    classes = {text(pd.Series([name]))[0] for t in known.values() for name in t.classes}
    columns = [t.frame[n] for t in known.values() for n in ("y", "y_hat") if t.has(n)]
    names = {_plain(v) for column in columns for v in column.dropna().unique()}
    if names and not names & classes:
        raise FoursplitError(
            f"{_at(known)}: the columns {PROBA}* name the classes {_some(classes)}, and y and "
            f"y_hat {_some(names)}: name each column {PROBA}<class>"
        )
    answered = {split: t for split, t in known.items() if t.has("y_hat")}
    if names and answered:
        _refuse_unlikely(answered, say)


def _refuse_unlikely(tables: Tables, say: Say) -> None:
    """Raise for probabilities by which no answer is the most likely one."""
    agree = np.concatenate([_most_likely(t) for t in tables.values()])
    share = float(agree.mean())
    if share == 0 and len(agree) >= ALL_WRONG:
        raise FoursplitError(
            f"{_at(tables)}: 'y_hat' is never the class of the largest {PROBA}* ({len(agree):,} "
            "rows): are these columns of another model, or named in another order?"
        )
    if share < 0.5:
        say(
            f"{_at(tables)}: 'y_hat' is the class of the largest {PROBA}* in {share:.0%} of the "
            "rows: do these columns belong to it?"
        )


def _most_likely(table: PredictionTable) -> np.ndarray:
    """Check for each row whether no class is likelier than the answer; ties are in its favour."""
    proba = table.frame[[PROBA + name for name in table.classes]].to_numpy(np.float64)
    place = {_plain(name): n for n, name in enumerate(table.classes)}
    rows = table.frame["y_hat"].map(lambda value: place.get(_plain(value), -1)).to_numpy(int)
    own = np.where(rows < 0, -1.0, proba[np.arange(len(rows)), rows])
    return np.asarray(own >= proba.max(axis=1) - 1e-9)


def _plain(value: Any) -> str:
    return str(text(pd.Series([value]))[0])


def tolerance(proba: np.ndarray) -> float:
    """Return how far a row's probabilities may sum from 1 by rounding alone.

    Each of k classes that is rounded to d decimals is off by at most half of the last one.
    """
    least = 0.01
    for decimals in range(1, 7):
        if np.allclose(proba, np.round(proba, decimals), rtol=0, atol=1e-9):
            return float(min(0.5, max(least, proba.shape[1] * 0.5 * 10.0**-decimals)))
    return least


def _at(tables: Tables) -> str:
    """Name the file, or the folder of several."""
    paths = [Path(t.path or t.split) for t in tables.values()]
    return str(paths[0] if len(paths) == 1 else paths[0].parent)


def _some(names: Iterable[str]) -> str:
    listed = sorted(names, key=lambda v: (len(v), v))
    more = ", …" if len(listed) > 3 else ""
    return ", ".join(repr(name) for name in listed[:3]) + more
