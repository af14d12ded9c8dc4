"""Laws of the whole diagnosis: what rows are called and where they stand is no input."""

import json

import numpy as np
import pandas as pd
import pytest

from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.settings import Settings

SHARES = {"train": (900, 0.02, 0.1), "train_dev": (600, 0.04, 0.1), "dev": (800, 0.15, 0.7)}


def made(split, *, grouped, graded):
    """Give a table in which every block of the diagnosis has something to say."""
    n, error, phone = SHARES[split]
    rng = np.random.default_rng(len(split))
    luck = rng.random(n)
    wrong = rng.random(n) < error
    frame = pd.DataFrame(
        {
            "example_id": [f"{split}{k}" for k in range(n)],
            "loss": wrong * (rng.exponential(size=n) if graded else 1.0),
            "domain": np.where(rng.random(n) < phone, "phone", "web"),
            "human_loss": (rng.random(n) < 0.3) * 1.0,
            "meta.light": rng.normal(size=n),
            "meta.hour": rng.choice(["day", "night"], n),
            "tags": np.where(wrong, rng.choice(["a", "b", "a;b"], n), ""),
            "label_audit": np.where(luck < 0.2, "ok", None),
            "score_y": luck,
            "score_y_hat": rng.random(n),
        }
    )
    frame["oracle.box"], frame["oracle.box+breed"] = (
        frame["loss"] * (luck < k) for k in (0.5, 0.1)
    )
    frame["oracle_type.twice"] = frame["loss"] * (luck < 0.8)
    return frame.assign(group_id=[f"g{k // 3}" for k in range(n)]) if grouped else frame


def diagnosed(frames):
    return diagnose_as_json(
        [Model(tables={s: validate(f, s) for s, f in frames.items()})], Settings()
    )


def flat(told, at=""):
    """Give every number and word of a diagnosis by its place."""
    if isinstance(told, dict | list):
        items = told.items() if isinstance(told, dict) else enumerate(told)
        return {k: v for key, one in items for k, v in flat(one, f"{at}/{key}").items()}
    return {at: told}


@pytest.mark.parametrize("grouped", [False, True], ids=["rows", "groups"])
@pytest.mark.parametrize("graded", [False, True], ids=["right or wrong", "quantities"])
def test_the_order_of_rows_and_the_names_of_groups_change_nothing(grouped, graded):
    frames = {split: made(split, grouped=grouped, graded=graded) for split in SHARES}
    mixed = {split: f.sample(frac=1, random_state=4) for split, f in frames.items()}
    if grouped:
        mixed = {s: f.assign(group_id="x" + f["group_id"].str[::-1]) for s, f in mixed.items()}
    one, other = flat(diagnosed(frames)), flat(diagnosed(mixed))
    # How groups are dealt to the part that is read hangs on their names, and is meant to.
    looks = ("/slices", "/next", "/findings", "/human_advantage")
    kept = [k for k in one if not grouped or not k.startswith(looks)]
    assert {k: one[k] for k in kept} == pytest.approx({k: other[k] for k in kept}, abs=1e-9)


def test_to_ask_twice_is_to_be_told_the_same():
    frames = {split: made(split, grouped=True, graded=False) for split in SHARES}
    assert json.dumps(diagnosed(frames)) == json.dumps(diagnosed(frames))


def test_steps_are_ranked_by_what_they_give_and_what_is_not_known_comes_last():
    steps = diagnosed({s: made(s, grouped=False, graded=False) for s in SHARES})["next"]
    assert [step["rank"] for step in steps] == [*range(1, len(steps) + 1)]
    gains = [step["gain"] for step in steps]
    known = [gain for gain in gains if gain is not None]
    assert known == sorted(known, reverse=True)
    assert gains[: len(known)] == known
    assert len({(step["link"], step["action"]) for step in steps}) == len(steps)


def test_no_gain_exceeds_the_error_it_is_taken_from():
    told = diagnosed({s: made(s, grouped=False, graded=False) for s in SHARES})
    for step in told["next"]:
        assert step["gain"] is None or 0 <= step["gain"] <= told["splits"]["dev"]["value"] + 1e-12
        if step["evidence"].startswith(("ceilings.", "drivers.")):
            block, *_, place = step["evidence"].split(".")
            assert int(place) < 10, step
            assert told[block], step
