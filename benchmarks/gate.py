"""How often the gate promotes what it should, and what it should not, by simulation.

Champion and challenger are drawn again for each trial, with known true errors: an equal challenger,
one better by what is worth having, and one whose mean is better and one slice of which is ruined.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.seeds import generator
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.promotion.judge import Judgement, Rules, decide_promotion

RESULT = Path(__file__).parent / "results" / "gate.json"
TRIALS = 1000
RULES = Rules(min_gain=0.01)
ERROR, DISCORDANCE = 0.10, 0.06  # of the champion; share of examples that one alone gets right
SITES = {"small": 0.05, "north": 0.20, "east": 0.25, "south": 0.25, "west": 0.25}
CLASSES = 5
PILOT, SMALL = 1000, 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """How much better the challenger really is, in the small site and elsewhere."""

    small: float
    elsewhere: float

    @property
    def gain(self) -> float:
        return SITES["small"] * self.small + (1 - SITES["small"]) * self.elsewhere


EQUAL = Truth(small=0.0, elsewhere=0.0)
BETTER = Truth(small=RULES.min_gain, elsewhere=RULES.min_gain)
RUINED = Truth(small=-0.10, elsewhere=0.02)


def both(truth: Truth, n: int, rng: np.random.Generator) -> tuple[Model, Model]:
    """Draw champion's and challenger's tables; dev and test have n examples each."""
    made = [_split(split, truth, n, rng) for split in ("train", "dev", "test")]
    return tuple(  # type: ignore[return-value]
        Model(tables={s: validate(f.assign(loss=f[who]), s) for s, f in made}, name="seed_1")
        for who in ("old", "new")
    )


def _split(split: str, truth: Truth, n: int, rng: np.random.Generator) -> tuple[str, pd.DataFrame]:
    n = 200 if split == "train" else n  # of train nothing but its names is looked at
    site = rng.choice(len(SITES), n, p=list(SITES.values()))
    gain = np.where(site == 0, truth.small, truth.elsewhere)
    lost = (DISCORDANCE - gain.clip(0)) / 2 + (-gain).clip(0)
    won = lost + gain
    u = rng.random(n)
    old = (u < won) | ((u >= won + lost) & (u < lost + ERROR))  # errors: won, then both err
    new = (u >= won) & (u < lost + ERROR)
    y = rng.integers(0, CLASSES, n)
    frame = pd.DataFrame(
        {
            "example_id": [f"{split}{i}" for i in range(n)],
            "y": y,
            "y_hat": y,  # that there is one says that y is a class
            "old": old.astype(np.float64),
            "new": new.astype(np.float64),
            "meta.site": np.array([*SITES], dtype=object)[site],
        }
    )
    return split, frame


def trial(truth: Truth, n: int, rng: np.random.Generator, rules: Rules = RULES) -> Judgement:
    champion, challenger = both(truth, n, rng)
    return decide_promotion([champion], [challenger], {}, rules, rng)


def advised(rules: Rules = RULES) -> int:
    """Give the size that a pilot of an equal challenger advises, the median of 21."""
    found = [trial(EQUAL, PILOT, generator("gate pilot", k), rules).needed for k in range(21)]
    return int(np.median([size for size in found if size is not None]))


def rates(name: str, truth: Truth, n: int, trials: int, rules: Rules = RULES) -> dict[str, Any]:
    """Judge many drawn pairs on n examples each."""
    start = perf_counter()
    verdicts: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for k in range(trials):
        found = trial(truth, n, generator("gate", name, n, k), rules)
        verdicts[found.verdict] += 1
        failed.update(reason.code for reason in found.reasons if not reason.holds)
    return {
        "case": name,
        "gain": truth.gain,
        "n": n,
        "trials": trials,
        "promoted": verdicts["PROMOTE"] / trials,
        "verdicts": dict(sorted(verdicts.items())),
        "failed": dict(sorted(failed.items())),
        "ms_a_trial": round(1000 * (perf_counter() - start) / trials),
    }


def followed(truth: Truth, trials: int) -> dict[str, Any]:
    """Judge a pilot, then as many new examples as it advised, if it was on hold."""
    verdicts: Counter[str] = Counter()
    sizes = []
    for k in range(trials):
        rng = generator("gate followed", k)
        found = trial(truth, PILOT, rng)
        if found.verdict == "HOLD" and found.needed is not None:
            sizes.append(found.needed)
            found = trial(truth, found.needed, rng)
        verdicts[found.verdict] += 1
    return {
        "case": "better, advice of a pilot followed",
        "gain": truth.gain,
        "pilot": PILOT,
        "n_advised": [int(x) for x in np.quantile(sizes, [0.1, 0.5, 0.9])],
        "trials": trials,
        "promoted": verdicts["PROMOTE"] / trials,
        "verdicts": dict(verdicts),
    }


def main() -> None:
    """Print each case as it is done, and keep them all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--out", type=Path, default=RESULT, help="file of the results")
    given = parser.parse_args()
    n = advised()
    rules = {
        "min_gain": RULES.min_gain,
        "confidence": RULES.confidence,
        "slice_margin": RULES.slice_margin,
        "min_slice_examples": RULES.min_slice_examples,
    }
    result = {"rules": rules, "error": ERROR, "discordance": DISCORDANCE, "n_advised": n}
    cases = []
    for case in measured(n, given.trials):
        print(json.dumps(case), flush=True)
        cases.append(case)
    given.out.write_text(json.dumps({**result, "cases": cases}, indent=1) + "\n", encoding="utf-8")


def measured(n: int, trials: int) -> Iterator[dict[str, Any]]:
    """Measure case by case, on few examples and on as many as are advised."""
    for name, truth, size in (
        ("equal", EQUAL, SMALL),
        ("equal", EQUAL, n),
        ("better by min_gain", BETTER, n),
        ("ruined slice", RUINED, SMALL),
        ("ruined slice", RUINED, n),
    ):
        yield rates(name, truth, size, trials)
    blind = replace(RULES, min_slice_examples=10**9)  # what the mean alone would let through
    yield rates("equal, slices not looked at", EQUAL, SMALL, trials, blind)
    yield rates("ruined slice, slices not looked at", RUINED, n, trials, blind)
    yield followed(BETTER, trials)


if __name__ == "__main__":
    main()
