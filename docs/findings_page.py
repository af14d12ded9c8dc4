"""The page of the codes, from the table in the code."""

from foursplit.diagnosis.codes import CODES

HEAD = """# Codes of findings

Each finding of a diagnosis and each answer of `foursplit advise` has a stable code. This page is
generated from `src/foursplit/diagnosis/codes.py` by `make docs`. MLY is *Machine Learning Yearning*
(Ng, 2018), DLS the Deep Learning Specialization, MLS the Machine Learning Specialization.
"""


def page() -> str:
    """Return a section for each code, which reports link to."""
    sections = [
        "\n".join(
            [
                f"## {code}",
                "",
                f"**{entry.title[:1].upper()}{entry.title[1:]}.** {entry.meaning}",
                "",
                f"What to do: {entry.remedy[:1].lower()}{entry.remedy[1:]}",
                *(["", f"Source: {entry.source}."] if entry.source else []),
            ]
        )
        for code, entry in sorted(CODES.items())
    ]
    return "\n".join([HEAD, "\n\n".join(sections), ""])
