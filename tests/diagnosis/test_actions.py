"""Next steps: ranked by what they can give at most, each with what shows that it was right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.diagnosis.decomposition import verdict
from foursplit.diagnosis.decomposition.ledger import LINKS, MERGED
from foursplit.diagnosis.recommendations.actions import ACTIONS, Suggestion, next_steps

GAPS = [*LINKS, MERGED]
GAIN = st.floats(0, 1)
FOUND = st.builds(
    Suggestion,
    action=st.text(),
    link=st.text(),
    gain=st.none() | GAIN,
    evidence=st.text(),
    confirm_by=st.text(),
    stop_rule=st.text(),
)


@given(
    st.lists(st.sampled_from(GAPS), unique=True),
    st.lists(st.sampled_from(["human_or_desired", MERGED, "few_groups:dev"]), unique=True),
    st.lists(FOUND, max_size=6),
    st.lists(GAIN, min_size=5, max_size=5),
)
def test_what_can_give_more_comes_first_and_what_is_not_known_last(primary, lacking, found, gains):
    steps = next_steps(primary, lacking, dict(zip(GAPS, gains, strict=True)), found)
    assert [step["rank"] for step in steps] == [*range(1, len(steps) + 1)]
    given_gains = [step["gain"] for step in steps]
    known = [gain for gain in given_gains if gain is not None]
    assert given_gains[: len(known)] == sorted(known, reverse=True)
    # Nothing is dropped, and nothing is said twice: a gap that is to be measured has its action.
    asked = [what for what in lacking if what not in primary]
    assert len(steps) == max(1, len(primary) + len(found) + len(asked))
    assert {step["link"] for step in steps} >= {*primary, *asked}


@pytest.mark.parametrize("gap", [*verdict.NAMES])
def test_each_gap_has_an_action_of_its_own_with_its_proof_and_its_end(gap):
    action = ACTIONS[gap]
    others = [other.action for name, other in ACTIONS.items() if name != gap]
    assert action.action not in others
    assert action.confirm_by
    assert action.stop_rule


def test_bias_is_never_answered_by_more_data_nor_variance_by_a_bigger_model():
    assert "data" not in ACTIONS["avoidable_bias"].action
    assert "bigger" not in ACTIONS["variance"].action
