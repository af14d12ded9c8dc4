"""Tables with the dirt of real files, made from a seed: one kind at a time, and all at once."""

import numpy as np
import pandas as pd

N = 300


def clean(n=N, seed=7):
    """Return customers who leave the likelier the longer they wait: numbers and one category."""
    rng = np.random.default_rng(seed)
    wait, plan = rng.exponential(5, n), rng.choice(["basic", "plus", "max"], n)
    odds = 0.7 * wait - 3 + 1.5 * (plan == "plus")
    left = np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), "Yes", "No")
    return pd.DataFrame({"wait": wait.round(2), "plan": plan, "left": left})


def _texts(n, rng):
    words = np.array(["line", "slow", "again", "nobody", "called", "back", "about", "bill"])
    return [" ".join(rng.choice(words, rng.integers(4, 9))) + f" {i}" for i in range(n)]


def dirt(n=N, seed=8):
    """Return columns of each kind of dirt, by name."""
    rng = np.random.default_rng(seed)
    money = rng.uniform(5, 5000, n)
    days = pd.Timestamp("2023-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 500, n)), "D")
    age = rng.integers(18, 90, n).astype(object)
    age[rng.random(n) < 0.1] = ""
    score = rng.integers(1, 100, n).astype(object)
    score[rng.random(n) < 0.05] = "?"
    city = np.array([f"city {i}" for i in range(60)])[rng.zipf(1.5, n) % 60]
    zones = np.array(["+01:00", "+02:00", "Z"])[rng.integers(0, 3, n)]
    return {
        "price": [f"${value:,.2f}" for value in money],
        "share": [f"{value:.1f}%" for value in rng.uniform(0, 100, n)],
        "age": age,
        "score": score,
        "active": rng.choice(["true", "false"], n),
        "joined": days.strftime("%d/%m/%Y"),
        "called": [f"{day:%Y-%m-%dT%H:%M:%S}{zone}" for day, zone in zip(days, zones, strict=True)],
        "city": city,
        "zip": [f"{value:05d}" for value in rng.integers(501, 99950, n)],
        "notes": _texts(n, rng),
        "constant": ["EU"] * n,
        "customer_id": [f"C{value:04d}" for value in rng.integers(0, n // 3, n)],
        "email": [f"user{i}@example.org" for i in range(n)],
        "empty": [""] * n,
    }


def all_at_once(n=N):
    """Return one table with every kind of dirt, and the index column that pandas writes."""
    table = pd.concat([clean(n), pd.DataFrame(dirt(n))], axis=1)
    table.loc[[3, 4], "left"] = ""
    return table
