"""Write the sheet on which a person tags what went wrong on dev."""

from pathlib import Path

import click

from foursplit.core.errors import Refusal
from foursplit.core.seeds import generator
from foursplit.strategy import eyeball
from foursplit.strategy import sheet as sheets
from foursplit.strategy.tables import read


def sheet(folder: Path, out: Path, seed: int) -> None:
    """Draw errors and some correct answers from the part of dev that may be looked at."""
    if out.exists():
        raise Refusal(f"{out}: exists already, perhaps with somebody's tags; name another file")
    dev = read(folder)[0].tables.get("dev")
    if dev is None:
        raise Refusal(f"{folder}: no table of dev, which is where errors are read")
    parted = eyeball.part(dev)
    drawn = sheets.sheet(parted.eyeball, generator("sheet", seed))
    sheets.write(drawn, out)
    wrong = int(drawn["is_error"].sum())
    click.echo(f"{parted.note}")
    click.echo(
        f"{out}: {wrong} errors and {len(drawn) - wrong} correct answers. Fill in tags (several "
        "parted by ;), label_audit (ok, wrong, ambiguous) and comment, then: "
        f"foursplit diagnose {folder} --sheet {out}"
    )
