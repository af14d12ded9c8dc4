"""`python -m foursplit`: the command without its name on the PATH."""

from foursplit.cli import main

main(prog_name="foursplit")
