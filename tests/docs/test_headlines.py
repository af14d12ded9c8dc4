"""The headline page says which published figures are met, and never more than was measured."""

import json
from pathlib import Path

import pytest
import yaml
from docs.headlines import Figure, Measured, OnTest, agrees, page, parse, render, verdict, winners

from docs import coverage_page

ROOT = Path(__file__).parents[2]
BLOCK = {
    "exercise": "D1-04", "name": "cats", "value": 0.7, "unit": "accuracy", "protocol": "50 photos",
    "source": "a course", "comparable": "same examples", "why": "they are", "wanted": "at least",
    "ours": {"group": "cats"},
}  # fmt: skip
TOOK = {
    "device": "d", "cores": 2, "stages": 9, "seconds": 120.0, "fetch_s": 1.0, "accepted": ["mnist"],
    "train_s": {"won": 62.7},
}  # fmt: skip
MADE = {"device": "d", "folds": {"n_folds": 10, "repeats": 5}, "tables": {}}


def on_test(error, lo, hi):
    return OnTest(key="won", error=error, lo=lo, hi=hi, trivial=0.34, n=50, n_seeds=5)


def figures():
    return parse((ROOT / "docs/published.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("found", "to", "said"),
    [
        (on_test(0.20, 0.15, 0.29), None, "met, significantly"),  # even the upper end is below 30 %
        (on_test(0.20, 0.10, 0.35), None, "met"),
        (on_test(0.30, 0.20, 0.40), None, "met"),  # 1 - 0.3 is 0.7 in digits, not in floating point
        (on_test(0.20, 0.10, 0.35), 0.84, "met, within the range"),
        (on_test(0.31, 0.25, 0.40), None, "not met; the difference may be chance"),
        (on_test(0.40, 0.31, 0.50), None, "not met"),
    ],
)
def test_the_verdict_follows_from_mean_and_interval(found, to, said):
    assert verdict(Figure(**BLOCK, to=to), found) == said


def test_a_figure_whose_group_has_no_test_error_yet_says_so():
    text = render(parse(yaml.dump({"figures": [BLOCK]})), {}, MADE)
    assert "| D1-04 | cats | 70.00% | – | – | not measured yet | same examples | – |" in text


def test_a_measured_figure_shows_interval_trivial_seeds_and_examples():
    found = {"cats": on_test(0.28, 0.18, 0.38)}
    text = render(parse(yaml.dump({"figures": [BLOCK]})), found, MADE, Measured(took=TOOK))
    row = "| 66.0% | 72.00% (62.0% to 82.0%; n = 50, 5 seeds) | met | same examples | 63 |"
    assert row in text


@pytest.mark.parametrize(
    ("mean", "high", "said"),
    [
        (0.72, 0.8, "met"),
        (0.68, 0.75, "not on average; within single draws"),
        (0.6, 0.69, "not met"),
    ],
)
def test_a_figure_of_one_random_split_is_held_against_many(mean, high, said):
    found = {"mean": mean, "lo": mean - 0.05, "hi": mean + 0.05, "low": 0.55, "high": high}
    row = {**found, "unseen": {"there": 0.5, "here": 0.6}}
    table = {"leak": {"tree": row}, "gaps": {"tree": row, "trivial": {"mean": 0.5}}}
    block = {**BLOCK, "ours": {"drawn": "hearts", "model": "tree"}}
    text = render(
        parse(yaml.dump({"figures": [block]})),
        {},
        MADE,
        Measured(drawn={"tables": {"hearts": table}}),
    )
    assert f"| 55.0% to {high:.1%} | {said} | {mean:.1%} (" in text
    assert "| 50.0% to 60.0% | same examples |" in text


def test_only_the_groups_winner_counts():
    row = {"test": 0.3, "test_lo": 0.2, "test_hi": 0.4, "test_baseline": 0.34, "n_test": 50,
           "n_seeds": 2}  # fmt: skip
    section = {
        "experiments": {"x": {"won": {"group": "cats"}, "lost": {"group": "cats"}}, "y": None}
    }
    found = winners(section, {"x": {"won": row, "lost": {"dev": 0.1}}})
    assert found == {
        "cats": OnTest(key="won", error=0.3, lo=0.2, hi=0.4, trivial=0.34, n=50, n_seeds=2)
    }
    assert winners(section, {"x": {"lost": {"dev": 0.1}}}) == {}


@pytest.mark.parametrize(("ours", "same"), [(4519.6, True), (4520.4, True), (4521.0, False)])
def test_four_digits_are_four_digits(ours, same):
    block = {**BLOCK, "value": 4519.77, "wanted": {"digits": 4}}
    assert agrees(Figure(**block), ours) == same


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"comparable": "roughly"}, "'roughly'; valid are"),
        ({"wanted": "at most"}, "'at most'; valid are"),
        ({"ours": {}}, "with wanted 'at least'; valid are"),
        ({"colour": "red"}, "a figure has"),
    ],
)
def test_a_wrong_block_is_refused_with_what_is_valid(change, problem):
    with pytest.raises(ValueError, match=problem):
        parse(yaml.dump({"figures": [{**BLOCK, **change}]}))


def test_exercises_exist_and_every_value_asked_for_was_made():
    rows = coverage_page.parse((ROOT / "docs/coverage.yaml").read_text(encoding="utf-8"))
    assert {f.exercise for f in figures()} - {"none"} <= {row.id for row in rows}
    made = json.loads((ROOT / "benchmarks/results/published.json").read_text(encoding="utf-8"))
    for figure in figures():
        if "table" in figure.ours:
            ours = made["tables"][figure.ours["table"]]["course"][figure.ours["value"]]
            assert agrees(figure, ours), figure.name


def test_the_page_is_what_the_generator_writes():
    assert (ROOT / "docs/headlines.md").read_text(encoding="utf-8") == page(ROOT)


def test_a_figure_of_one_seed_stands_beside_those_of_others():
    block = {**BLOCK, "ours": {"start": "deep", "value": "test_accuracy"}, "wanted": {"digits": 4}}
    others = {"n": 10, "mean": 0.61, "lo": 0.5, "hi": 0.72, "as_good": 2}
    table = {"course": {"test_accuracy": 0.7}, "trivial": 0.66, "seconds": 9.6, "others": others}
    text = render(
        parse(yaml.dump({"figures": [block]})),
        {},
        MADE,
        Measured(begun={"device": "d", "tables": {"deep": table}}),
    )
    row = (
        "| 70.00% | 66% | 70.00% | 61.0% (50% to 72%; 2 of 10 as good) | met | same examples | 10 |"
    )
    assert row in text


def test_what_is_said_of_the_landers_episodes_is_what_was_measured():
    published = yaml.safe_load((ROOT / "docs/published.yaml").read_text(encoding="utf-8"))[
        "figures"
    ]
    (lander,) = [figure for figure in published if figure["exercise"] == "M3-08"]
    result = json.loads((ROOT / "benchmarks/results/lander.json").read_text(encoding="utf-8"))
    episodes = [run["episodes"] for run in result["runs"]]
    assert all(run["solved"] for run in result["runs"])
    assert lander["value"] == result["goal_episodes"]
    words = lander["why"]
    assert f"after {min(episodes)} to {max(episodes)} episodes" in " ".join(words.split())
    assert f"the middle one after {result['median_episodes']}" in words
    assert len(episodes) == 5
    assert "of five seeds" in words


WORDS = {
    "n_words": 7848,
    "lacking": ["rome"],
    "figures": {"father_mother": 0.8909038442893615},
    "analogies": [
        {"question": "a : b :: c :", "2017": "d", "2021": "e", "without_all_three": "d",
         "without_the_third": "f"},
        {"question": "a : rome :: c :", "2017": "d", "2021": "d", "lacking": ["rome"]},
    ],
}  # fmt: skip


@pytest.mark.parametrize(("printed", "met"), [(0.890903844289, "met"), (0.8908, "not met")])
def test_figures_of_word_vectors_are_met_to_the_digit_or_not(printed, met):
    block = {
        **BLOCK, "exercise": "D5-12", "value": printed, "unit": "cosine",
        "ours": {"words": "father_mother"}, "wanted": {"digits": 12},
    }  # fmt: skip
    figures = parse(yaml.dump({"figures": [block]}))
    lines = render(figures, {}, MADE, Measured(words=WORDS)).splitlines()
    row = next(line for line in lines if line.startswith("| D5-12"))
    assert row.split("|")[5].strip().startswith(met)
    lacking = next(line for line in lines if line.startswith("| a : rome"))
    assert lacking.count("lacks rome") == 2
    assert "Word vectors" not in render(figures, {}, MADE, Measured())
