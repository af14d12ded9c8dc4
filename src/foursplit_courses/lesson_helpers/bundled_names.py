"""Names for lessons on language models, from a package that is installed."""

from importlib.util import find_spec
from pathlib import Path

from foursplit_courses.transforms.colour_table import read_names


def colour_names() -> list[str]:
    """Return the names of the data set; matplotlib is located, not imported."""
    spec = find_spec("matplotlib")
    assert spec is not None
    assert spec.origin is not None
    return read_names(Path(spec.origin).parent / "_color_data.py")
