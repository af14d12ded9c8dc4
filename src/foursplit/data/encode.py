"""From stored examples to the arrays that batches are cut from."""

from collections.abc import Mapping

from foursplit.core.arrays import Array, Ragged
from foursplit.core.examples import DataSpec, Examples
from foursplit.data import texts


def encode_inputs(examples: Examples, spec: DataSpec) -> dict[str, Array]:
    """Return the arrays that a network reads, by name: `x` and `spec.further_inputs`."""
    arrays = {"x": examples.x, **{name: examples.further[name] for name in spec.further_inputs}}
    return {name: encode(name, array, spec) for name, array in arrays.items()}


def encode(name: str, array: Array, spec: DataSpec) -> Array:
    """Return token numbers where the array is text, and other arrays as they are."""
    vocabularies: Mapping[str, tuple[str, ...]] = spec.vocabularies
    if name not in vocabularies:
        return array
    assert isinstance(array, Ragged), name
    return texts.to_ids(array, vocabularies[name], spec.tokenizer)
