"""Sentence, status, findings and primary gaps of one diagnosis never contradict each other."""

import re
import zlib

import numpy as np
import pandas as pd
import pytest

from foursplit.diagnosis import prediction_table
from foursplit.diagnosis.decomposition import decompose, verdict
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.settings import Settings

SPLITS = ("train", "train_dev", "dev", "test")
ISSUES = decompose.CODES
SAID = re.compile(r"(?:Work on|Also significant:) (.*?)\.(?: |$)")
NAMED = re.compile(r"(?:^| and )([a-z][a-z, ]*?) \(([+-][\d.]+)%\)")


def table(split, loss, groups=None):
    """Return a checked table with these losses."""
    frame = pd.DataFrame({"example_id": [f"{split}-{i}" for i in range(len(loss))], "loss": loss})
    frame["loss"] = frame["loss"].astype(float)
    if groups is not None:
        frame["group_id"] = np.char.add(f"{split}-", groups.astype(str))
    return prediction_table.validate(frame, split)


def random_tables(rng):
    """Draw splits of 3 to 300 rows; some are missing, some come in few groups."""
    tables, rate = {}, rng.uniform(0, 0.2)
    for split in SPLITS:
        if rng.random() < 0.2:
            continue
        n = int(10 ** rng.uniform(0.5, 2.5))
        rate = float(np.clip(rate + rng.normal(0, 0.1), 0, 1))
        groups = rng.integers(0, max(1, n // 3), n) if rng.random() < 0.3 else None
        tables[split] = table(split, rng.random(n) < rate, groups)
    return tables


def random_decomposition(seed):
    rng = np.random.default_rng(zlib.crc32(f"consistency {seed}".encode()))
    tables = random_tables(rng)
    if not tables:
        return None
    settings = Settings(
        human_error=float(rng.choice([0.0, 0.02, 0.2])) if rng.random() < 0.7 else None,
        people=bool(rng.random() < 0.8),
        n_resamples=200,
    )
    return decompose.decompose(
        [Model(tables=tables, name="")], settings, same_distribution=bool(rng.random() < 0.4)
    )


def check_consistency(parts):
    judged = parts.verdict
    status, primary = judged.status, judged.primary
    # The sentence names the primary gaps, then the secondary ones, and no other as significant.
    told = [pair for part in SAID.findall(judged.sentence) for pair in NAMED.findall(part)]
    assert [name for name, _ in told] == [verdict.TITLES[gap] for gap in judged.significant]
    values = {gap.gap: gap.value for gap in (*parts.gaps, *judged.joint)}
    for (_, value), gap in zip(told, judged.significant, strict=True):
        assert float(value) == pytest.approx(100 * values[gap], abs=0.051)
    # Primary and co-primary are those, and no gap that cannot be judged.
    single = {*primary} - {*judged.joint_names}
    assert {g for g, s in status.items() if s in ("primary", "co_primary")} == single
    jointly = [gap for joint in judged.joint for gap in joint.links]
    assert len({*jointly}) == len(jointly)
    assert {status[gap] for gap in jointly} <= {"joint", "insufficient"}
    assert {gap for gap, s in status.items() if s == "joint"} <= {*jointly}
    assert judged.largest not in {g for g, s in status.items() if s == "insufficient"}
    assert {g for g, s in status.items() if s == "secondary"} <= {*judged.secondary}
    # A finding is reported for each of them, and "no gap" only without any.
    found = decompose.findings(parts)
    codes = [finding.code for finding in found]
    gaps = [finding for finding in found if finding.code in ISSUES.values()]
    assert [finding.code for finding in gaps] == [ISSUES[gap] for gap in judged.significant]
    severe = [gap for gap, f in zip(judged.significant, gaps, strict=True) if f.severity == "issue"]
    assert severe == [*primary]
    assert ("ST000" in codes) == (not primary)
    # What is said to be unknown is what is listed as missing.
    assert ("bias is unknown" in judged.sentence) == (verdict.NO_LEVEL in judged.insufficient)
    if judged.bias_at_most is not None:
        assert f"at most {judged.bias_at_most:.1%}" in judged.sentence
        assert parts.human is None
        assert judged.bias_at_most >= parts.errors["train"].value
    assert ("not comparable" in judged.sentence) == (verdict.TRAIN_ERROR in judged.insufficient)
    assert ("ST012" in codes) == (verdict.TRAIN_ERROR in judged.insufficient)
    if "ST012" in codes:
        assert "avoidable_bias" not in judged.significant
    few = [name for name in judged.insufficient if name.startswith(verdict.FEW_GROUPS)]
    assert ("Too few groups" in judged.sentence) == bool(few)
    assert codes.count("ST010") == len(few)
    assert ("ST009" in codes) == judged.surpasses_human
    if verdict.NO_LEVEL not in judged.insufficient:
        assert ("beats the reference" in judged.sentence) == judged.surpasses_human


@pytest.mark.parametrize("block", range(3))
def test_no_part_of_a_diagnosis_contradicts_another(block):
    for seed in range(100 * block, 100 * (block + 1)):
        parts = random_decomposition(seed)
        if parts is not None:
            check_consistency(parts)


@pytest.mark.slow
def test_no_part_contradicts_another_in_ten_thousand_tables():
    for seed in range(10_000):
        parts = random_decomposition(1000 + seed)
        if parts is not None:
            check_consistency(parts)


def test_five_patients_on_dev_are_not_told_to_work_on_mismatch():
    patients = np.repeat(np.arange(5), 40)
    tables = {
        "train": table("train", np.arange(1000) < 20),
        "train_dev": table("train_dev", np.arange(1000) < 30),
        "dev": table("dev", np.arange(200) < 56, patients),
    }
    parts = decompose.decompose(
        [Model(tables=tables, name="")], Settings(human_error=0.02), same_distribution=False
    )
    assert parts.verdict.status["mismatch"] == "insufficient"
    assert "mismatch" not in parts.verdict.sentence
    check_consistency(parts)
