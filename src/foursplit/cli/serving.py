"""The command that lets a registered model answer requests."""

import click

from foursplit.core import reproducible_env


@click.command()
@click.argument("name", metavar="GROUP[@ALIAS|/VERSION]")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=5001, show_default=True, help="On 127.0.0.1."
)
def serve(name: str, port: int) -> None:
    """Serve GROUP's champion, or the version named, on 127.0.0.1 until Ctrl-C.

    Its files are checked first; requests are those of `mlflow models serve`: see docs/serving.md.
    """
    from foursplit.cli.commands.serve import serve as door

    reproducible_env.settle_quiet()
    door(name, port)


COMMANDS = (serve,)
