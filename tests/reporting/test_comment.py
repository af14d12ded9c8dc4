"""The pull-request comment of a retraining: its content, and escaping of names."""

import copy
import re

import pytest

from foursplit.reporting.pages.pull_request_comment import MAX_LENGTH, comment

GATE = {
    "verdict": "HOLD",
    "promoted": False,
    "needed": 900,
    "looks_at_test": 3,
    "reasons": [
        {"code": "bounds", "holds": True, "sentence": "Every bound is met.", "numbers": {}},
        {"code": "dev_better", "holds": False, "sentence": "It is not better.", "numbers": {}},
    ],
}

REPORT = {
    "since": "0123456789abcdef",
    "commit": "f" * 40,
    "files": ["params.yaml", "data/own/orders.csv"],
    "parameters": [{"name": "experiments.own.small.fit.max_epochs", "before": 5, "after": 9}],
    "stages": {
        "ran": [
            {
                "stage": "train@small",
                "seconds": 2.0,
                "reasons": ["parameter max_epochs: 5 → 9", "another"],
            }
        ],
        "restored": [],
        "failed": [],
        "unchanged": 12,
        "seconds": 3.4,
    },
    "groups": {
        "orders": {
            "winner": "small",
            "gate": GATE,
            "experiments": {
                "small": {
                    "before": {
                        "train": 0.1,
                        "train_dev": 0.12,
                        "dev": 0.2,
                        "test": 0.21,
                        "gaps": {"variance": 0.02},
                    },
                    "after": {
                        "train": 0.05,
                        "train_dev": 0.12,
                        "dev": 0.1,
                        "test": 0.11,
                        "gaps": {"variance": 0.07, "mismatch": -0.02},
                        "verdict": "variance +7.0%",
                    },
                },
                "other": {
                    "before": None,
                    "after": {
                        "train": 0.3,
                        "train_dev": 0.3,
                        "dev": 0.3,
                        "gaps": {},
                    },  # before verdicts were kept
                },
            },
        }
    },
    "failure": None,
}


def test_it_has_verdict_errors_changes_and_stages():
    text = comment(REPORT)
    assert "### Retrained: 1 group changed since `0123456789`" in text
    assert "| `orders` | `small` | **HOLD** | It is not better. |" in text
    assert (
        "| **`small`** | 10.0% → 5.0% | 12.0% | 20.0% → 10.0% | 21.0% → 11.0% | variance +7.0% |"
        in text
    )
    assert "| `other` | 30.0% | 30.0% | 30.0% | sealed | – |" in text
    assert "| `experiments.own.small.fit.max_epochs` | `5` | `9` |" in text
    assert "2 files and 1 parameter changed" in text
    assert "1 stage ran in 3 s; from the run-cache: 0; unchanged: 12" in text
    assert "- `train@small` (2.0 s): `parameter max_epochs: 5 → 9`, and 1 more" in text
    assert "- About 900 dev examples are needed to decide." in text
    assert "- Models evaluated on this test set so far: 3." in text


def test_bar_lengths_are_proportional_to_errors():
    bars = [line for line in comment(REPORT).splitlines() if line.startswith("dev ")]
    assert [line.split()[2] for line in bars] == ["░" * 29, "█" * 14]  # 30 are 21 %, of test


@pytest.mark.parametrize(
    "name",
    ["a`b`", "x | y", "<img src=x>", "@everyone", "[a](http://b)", "two\nlines", "```\n# big"],
)
def test_an_untrusted_name_stays_text(name):
    """Contributors choose names and values: none may mention people or embed HTML."""
    report = copy.deepcopy(REPORT)
    report["parameters"][0]["after"] = name
    report["files"].append(name)
    report["groups"]["orders"]["gate"]["reasons"][1]["sentence"] = name
    text = comment(report)
    outside = "".join(part for number, part in enumerate(text.split("`")) if number % 2 == 0)
    outside = re.sub(r"\\.", "", outside)  # a sign behind a backslash is only that sign
    for sign in ("<img", "@everyone", "[a]("):
        assert sign not in outside
    rows = [line for line in text.splitlines() if line.startswith("| `experiments")]
    assert [row.count("|") for row in rows] == [4]


def test_a_failure_replaces_the_verdicts():
    text = comment({**REPORT, "groups": {}, "failure": "1 stage(s) failed\n  train@small: killed"})
    assert text.startswith("### Retraining failed since")
    assert "train@small: killed" in text


def test_no_change_has_a_title_of_its_own():
    text = comment({**REPORT, "groups": {}, "since": None})
    assert text.startswith("### Retrained: no model changed\n")


def test_a_comment_too_long_for_github_is_cut_with_a_note():
    many = {f"group_{n}": REPORT["groups"]["orders"] for n in range(200)}
    text = comment({**REPORT, "groups": many})
    assert len(text) <= MAX_LENGTH + 200
    assert "too long for a comment" in text
