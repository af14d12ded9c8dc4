"""Mislabelled examples: how much of the error they are, and whether to put them right.

Nothing here edits a label.

Source: Ng, DLS C3 W2 (cleaning up incorrectly labelled data); Ng (2018), Machine Learning Yearning,
chapter 16; Northcutt, Athalye and Mueller (2021), Pervasive Label Errors in Test Sets.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.decomposition.verdict import SLACK
from foursplit.diagnosis.prediction_table import AUDITS, PredictionTable
from foursplit.diagnosis.recommendations.finding import Finding
from foursplit.diagnosis.stats.proportions import wilson_interval

SHARE = 0.25  # of the dev error: from here on mislabels hide what to work on

FEW_AUDITS = 10  # audited errors, below which a share is stated with its interval

ONE_SIDED = "audit correct ones too"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What the error would be by right labels; without audited correct answers, not known."""

    value: float | None
    variance: float | None
    lo: float | None
    hi: float | None
    errors_only: float | None  # what the audit of errors alone would claim: never too high
    insufficient: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether to put labels right before going on."""

    fix: bool
    why: str
    noise: float
    share_of_error: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Result of an audit of labels by people."""

    error: float  # by the labels as they are
    noise: float | None  # error that stands on a wrong label
    errors_audited: int
    wrong_of_errors: int
    correct_audited: int
    wrong_of_correct: int
    n_ambiguous: int
    corrected: Corrected
    decision: Decision | None
    insufficient: str = ""

    @property
    def few(self) -> str:
        """Describe an audit of fewer than ten errors, with the 95 % interval; else empty."""
        if not 0 < self.errors_audited < FEW_AUDITS:
            return ""
        share = self.wrong_of_errors / self.errors_audited
        lo, hi = wilson_interval(share, self.errors_audited, 0.95)
        return (
            f"{self.wrong_of_errors} of only {self.errors_audited} audited errors has a wrong "
            f"label: {lo:.0%} to {hi:.0%} of the error"
        )

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "few": self.few}


def corrected_error(
    error: float,
    n: int,
    wrong_of_errors: int,
    errors_audited: int,
    wrong_of_correct: int,
    correct_audited: int,
) -> Corrected:
    """Correct an error rate by an audit of random errors and of random correct answers.

    A wrong label under a supposed error turns it into a right answer, and the other way round.
    The 95 % interval joins those of the three shares, so that no fault found is not certainty.

    Source: Zou and Donner (2008), Construction of Confidence Limits about Effect Measures.
    """
    _refuse_counts(wrong_of_errors, errors_audited, "errors")
    _refuse_counts(wrong_of_correct, correct_audited, "correct answers")
    if not (0 <= error <= 1 and n > 0):
        raise FoursplitError(
            f"error {error!r} of {n} examples: it must be 0-1, and of at least one"
        )
    no_errors = error == 0  # then there is none to audit
    if errors_audited == 0 and not no_errors:
        return _unknown(None, "audit some of the errors")
    a = wrong_of_errors / errors_audited if errors_audited else 0.0
    if correct_audited == 0 and error < 1:
        return _unknown(error * (1 - a), ONE_SIDED)
    c = wrong_of_correct / correct_audited if correct_audited else 0.0
    value = error * (1 - a) + (1 - error) * c
    lo, hi = _interval(value, (error, n), (a, errors_audited), (c, correct_audited))
    return Corrected(
        value=value,
        variance=_variance(error, n, (a, errors_audited), (c, correct_audited)),
        lo=lo,
        hi=hi,
        errors_only=error * (1 - a),
    )


def worth_fixing(noise: float, dev_error: float, gap_of_two_best: float | None = None) -> Decision:
    """Fix labels where they are much of the error, or where they hide which model is better."""
    share = noise / dev_error if dev_error > 0 else 0.0
    if noise > 0 and share >= SHARE - SLACK:
        fix, why = True, f"Mislabels are {share:.0%} of the dev error, {SHARE:.0%} or more."
    elif noise > 0 and gap_of_two_best is not None and noise >= abs(gap_of_two_best) - SLACK:
        fix = True
        why = (
            f"Mislabels ({noise:.2%}) are no less than the difference of the two best models "
            f"({abs(gap_of_two_best):.2%}): labels decide which of them wins."
        )
    else:
        fix, why = False, f"Mislabels are {share:.0%} of the dev error: other causes come first."
    return Decision(fix=fix, why=why, noise=noise, share_of_error=share)


def audit(table: PredictionTable, gap_of_two_best: float | None = None) -> Audit:
    """Read a table's `label_audit`; on each side the audited examples must be a random sample.

    A list of suspects is no random draw: audit the random part by itself for these numbers.
    """
    error = float(table.is_error.mean())
    if table.has("label_audit"):
        audits = table.frame["label_audit"].to_numpy(object)
    else:
        audits = np.full(len(table), None, dtype=object)
    done = np.array([isinstance(value, str) for value in audits], dtype=bool)
    wrong = done & (audits == "wrong")
    errors, correct = done & table.is_error, done & ~table.is_error
    counts = [int(x.sum()) for x in (wrong & errors, errors, wrong & correct, correct)]
    corrected = corrected_error(error, len(table), *counts)
    noise = error * counts[0] / counts[1] if counts[1] else None
    lacking = corrected.insufficient
    if not done.any():
        lacking = "fill in label_audit for some errors and for some correct answers"
    known = noise is not None and error > 0
    return Audit(
        error=error,
        noise=noise,
        wrong_of_errors=counts[0],
        errors_audited=counts[1],
        wrong_of_correct=counts[2],
        correct_audited=counts[3],
        n_ambiguous=int((done & (audits == "ambiguous")).sum()),
        corrected=corrected,
        decision=worth_fixing(float(noise or 0.0), error, gap_of_two_best) if known else None,
        insufficient=lacking,
    )


def same_treatment(dev: PredictionTable, test: PredictionTable) -> Finding | None:
    """Describe where dev has labels that an audit found wrong and test was not audited.

    An audit that finds every label right changes none: dev and test still agree.
    """
    if not _audited(dev, "wrong") or _audited(test, *AUDITS):
        return None
    return Finding(
        code="ST031",
        severity="issue",
        title="an audit found wrong labels in dev, and test was not audited: once they are "
        "corrected, dev and test no longer agree",
        evidence=("labels",),
        missing="audit test by the same process, correct answers among them",
    )


def _audited(table: PredictionTable, *results: str) -> bool:
    return table.has("label_audit") and bool(table.frame["label_audit"].isin(results).any())


def _unknown(errors_only: float | None, lacking: str) -> Corrected:
    return Corrected(
        value=None, variance=None, lo=None, hi=None, errors_only=errors_only, insufficient=lacking
    )


def _variance(
    error: float, n: int, of_errors: tuple[float, int], of_correct: tuple[float, int]
) -> float:
    (a, m_a), (c, m_c) = of_errors, of_correct
    # A side without members was not audited, and its factor is 0.
    of_a = error**2 * a * (1 - a) / max(m_a, 1)
    of_c = (1 - error) ** 2 * c * (1 - c) / max(m_c, 1)
    return of_a + of_c + (1 - a - c) ** 2 * error * (1 - error) / n


def _interval(
    value: float,
    of_error: tuple[float, int],
    of_errors: tuple[float, int],
    of_correct: tuple[float, int],
) -> tuple[float, float]:
    (error, n), (a, m_a), (c, m_c) = of_error, of_errors, of_correct
    slopes = (1 - a - c, -error, 1 - error)  # of the value, by error, a and c
    shares = ((error, n), (a, m_a), (c, m_c))
    down = up = 0.0
    for slope, (share, count) in zip(slopes, shares, strict=True):
        ends = [slope * (end - share) for end in wilson_interval(share, count, 0.95)]
        down, up = down + min(ends) ** 2, up + max(ends) ** 2
    return max(0.0, value - float(np.sqrt(down))), min(1.0, value + float(np.sqrt(up)))


def _refuse_counts(wrong: int, audited: int, what: str) -> None:
    if not 0 <= wrong <= audited:
        raise FoursplitError(
            f"{wrong} wrong labels of {audited} audited {what}: the first is a part"
        )
