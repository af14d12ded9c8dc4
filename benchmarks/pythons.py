"""Whether another Python gives the same bytes: the default pipeline from clean, with each.

A clean clone of the last commit sets itself up with the interpreter, as the README has it, and runs
`foursplit repro`; its locks must come out as committed.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from repro import ROOT, clone, cost, processor

from foursplit.cli.commands.verify import compare, locks

RESULT = ROOT / "benchmarks" / "results" / "pythons.json"


def once(python: str) -> dict[str, Any]:
    """Set a clone up with an interpreter, run the pipeline, hold the locks against the commit's."""
    with tempfile.TemporaryDirectory(prefix="foursplit-bench-") as name:
        folder = Path(name) / "clone"
        env = clone(folder)
        committed = locks(folder)
        made = subprocess.run(
            ["make", f"PYTHON={python}", ".venv/ready"], cwd=folder, capture_output=True, text=True
        )
        if made.returncode:
            sys.exit(f"{python}: make ended with {made.returncode}:\n{made.stderr[-2000:]}")
        own = folder / ".venv" / "bin"
        env |= {"PATH": f"{own}:{env['PATH']}"}
        seconds, _ = cost(folder, env, str(own / "foursplit"), "repro")
        version = "import platform; print(platform.python_version())"
        result = subprocess.run([own / "python", "-c", version], capture_output=True, text=True)
        return {
            "python": result.stdout.strip(),
            "seconds": round(seconds, 1),
            "n_stages": len([*(folder / ".foursplit" / "stages").glob("*.json")]),
            "locks_that_differ_from_the_commit": compare(committed, locks(folder)),
        }


def main() -> None:
    """Try each interpreter, keep what came out, and fail where a byte differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pythons", nargs="+", help="names or paths, as python3.12")
    asked = parser.parse_args().pythons
    for one in asked:
        if shutil.which(one) is None:
            parser.error(f"{one!r} is no interpreter that is found here")
    rows = [once(one) for one in asked]
    RESULT.write_text(json.dumps({"device": processor(), "pythons": rows}, indent=1) + "\n")
    print(json.dumps(rows, indent=1))
    print(f"kept in {RESULT}")
    differing = [row["python"] for row in rows if row["locks_that_differ_from_the_commit"]]
    if differing:
        sys.exit(f"other bytes than committed: Python {', '.join(differing)}")


if __name__ == "__main__":
    main()
