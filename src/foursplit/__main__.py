"""`python -m foursplit`: the command without its name on the PATH."""

from foursplit.cli.main import main

main(prog_name="foursplit")
