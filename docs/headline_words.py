"""The headline page's section on published word vectors."""

from collections.abc import Mapping, Sequence
from typing import Any


def section(words: Mapping[str, Any], rows: Sequence[str]) -> list[str]:
    """Write figures and answers to analogies; `words` is what the benchmark stored."""
    lines = [
        "## Word vectors",
        "",
        f"Of GloVe 6B with 50 numbers a word, the {words['n_words']:,} words that the mirror has "
        f"(`benchmarks/published_words.py`); {', '.join(words['lacking'])} are not among them.",
        "",
        "| exercise | figure | published | ours | met | comparable |",
        "|---|---|---:|---:|---|---|",
        *rows,
        "",
        "Analogies, answered among all these words. The course's notebook of 2017 lets none of the "
        "three words be the answer, that of 2021 all but the third.",
        "",
        "| question | published 2017 | ours, without all three | published 2021 "
        "| ours, without the third |",
        "|---|---|---|---|---|",
    ]
    for row in words["analogies"]:
        lacks = f"lacks {', '.join(row['lacking'])}" if "lacking" in row else ""
        ours = [row.get(f"without_{name}", lacks) for name in ("all_three", "the_third")]
        cells = (row["question"], row["2017"], ours[0], row["2021"], ours[1])
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]
