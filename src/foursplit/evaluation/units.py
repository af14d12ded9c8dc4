"""What is scored where it is no whole example: the tokens of a text, pairs of pictures.

A task's metrics may have `units(examples, answers, truth, shape) -> Units`.  Its prediction tables
then have a row for each unit, with the unit's own id, its example and the example's group: errors
are means over units, and intervals draw whole groups, because units of one example are not
independent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import META, SHOW, TIME, Examples
from foursplit.core.splits import Split

if TYPE_CHECKING:
    import pandas as pd

UNIT_OF = "unit_of"
"""Column with the id of the example that a unit belongs to; of a pair, the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The units of a split's examples, with what `score_columns` takes of them."""

    names: list[str]  # (unit,), all different
    examples: np.ndarray  # (unit,) position of the example that each belongs to
    answers: Any
    truth: Any
    groups: np.ndarray | None = None  # (unit,), where a unit belongs to several examples
    meta: Mapping[str, np.ndarray] = field(default_factory=dict)  # (unit,) columns for slices


def known_columns(examples: Examples, split: Split, units: Units | None = None) -> "pd.DataFrame":
    """Return the columns that a table has before its scores: ids, group, domain, content."""
    import pandas as pd

    rows = examples.metadata
    columns = {
        "example_id": rows["example_id"],
        "split": split,
        "group_id": rows["group_id"],
        "domain": rows["domain"],
        "content_hash": rows["content"],
    }
    if units is None:
        return pd.DataFrame(columns)
    if not units.names:
        raise FoursplitError(
            f"{split}: its {len(examples)} examples have no unit to score; give it more of them"
        )
    found = pd.DataFrame(columns).iloc[units.examples].reset_index(drop=True)
    # Two units of one example are not the same content twice.
    names = pd.Series(units.names)
    content = found["content_hash"].astype(str) + "#" + names
    groups = found["group_id"] if units.groups is None else units.groups
    return found.assign(
        **{UNIT_OF: found["example_id"], "example_id": names, "content_hash": content},
        group_id=groups,
    )


def meta_columns(examples: Examples, units: Units | None = None) -> "pd.DataFrame":
    """Return the columns for slices, those of the units among them, and what is only shown."""
    rows = examples.metadata
    carried = [n for n in rows.columns if n.startswith((META, SHOW)) or n == TIME]
    meta = rows[carried]
    if units is None:
        return meta
    own = {f"{META}{name}": values for name, values in units.meta.items()}
    return meta.iloc[units.examples].reset_index(drop=True).assign(**own)


def example_ids(table: "pd.DataFrame") -> "pd.Series[str]":
    """Return the id of the example that each row of a table is of."""
    return table[UNIT_OF] if UNIT_OF in table else table["example_id"]


def joined_groups(groups: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return a group for each pair of examples: groups that a pair joins become one.

    `first` and `second` are (pair,) positions in `groups`.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, numbers = np.unique(groups, return_inverse=True)
    n = int(numbers.max(initial=-1)) + 1
    edges = (np.ones(len(first)), (numbers[first], numbers[second]))
    _, component = connected_components(coo_array(edges, shape=(n, n)), directed=False)
    return np.array([f"joined-{number}" for number in component[numbers[first]]], dtype=object)
