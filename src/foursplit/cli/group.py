"""The click group of all commands: help in sections, checks before a command, one-line errors."""

import functools
import importlib
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from foursplit.cli import extras, printing
from foursplit.core.errors import FoursplitError, remedy
from foursplit.core.terminal import printable

WITHOUT_PROJECT = ("diagnose", "compare", "advise")
"""Commands that read only their arguments and need no project."""

Commands = Mapping[str, tuple[str, str]]
"""The module of `cli/`, and the first sentence of the help, by the name of a command."""


class FoursplitGroup(click.Group):
    """A group that keeps the order of its commands and prints every error as one message.

    Commands of `sections` are imported when they are called, and listed under their headings.
    """

    def __init__(
        self, *args: Any, sections: Mapping[str, Commands] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections or {}
        self.modules = {
            name: module
            for commands in self.sections.values()
            for name, (module, _) in commands.items()
        }

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command that first checks the code of the project; `--help` works anywhere."""
        needs_project = (
            not isinstance(cmd, click.Group) and (name or cmd.name) not in WITHOUT_PROJECT
        )
        if cmd.callback is not None and needs_project:
            cmd.callback = _require_own_code(cmd.callback)
        super().add_command(cmd, name)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return [*self.modules, *(name for name in self.commands if name not in self.modules)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.modules and cmd_name not in self.commands:
            module = importlib.import_module(f"foursplit.cli.{self.modules[cmd_name]}")
            self.add_command(getattr(module, cmd_name.replace("-", "_")), cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under the headings of `sections`."""
        if not self.sections:
            super().format_commands(ctx, formatter)
            return
        width = max(map(len, self.modules))
        limit = formatter.width - 6 - width
        for heading, commands in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [
                        (
                            name.ljust(width),
                            click.Command(None, help=text).get_short_help_str(limit),
                        )
                        for name, (_, text) in commands.items()
                    ]
                )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(
                f"{error.message} Valid: {', '.join(self.list_commands(ctx))}."
            ) from error

    def invoke(self, ctx: click.Context) -> Any:
        printing.prepare()
        try:
            return super().invoke(ctx)
        except FoursplitError as error:
            click.secho(f"foursplit: {printable(error)}", err=True, fg="red")
            ctx.exit(2)
        except ModuleNotFoundError as error:
            extra = extras.extra_with(error.name or "")
            if extra is None:
                raise
            click.secho(f"foursplit: {extras.advice(error.name or '', extra)}", err=True, fg="red")
            ctx.exit(2)
        except BrokenPipeError:  # the reader has closed the pipe, for example `head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(128 + signal.SIGPIPE)
        except OSError as error:
            if error.errno is None:
                raise
            text = f"foursplit: {error.filename or 'output'}: {error.strerror}. {remedy(error)}"
            click.secho(text.strip(), err=True, fg="red")
            ctx.exit(3)


def _require_own_code(callback: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(callback)
    def checked(*args: Any, **kwargs: Any) -> Any:
        from foursplit.config import checkout  # --help needs none of it

        checkout.require_own_code()
        return callback(*args, **kwargs)

    return checked
