"""What several commands have in common in their options, and how one function's arguments become a command's. For pipelines.commands.

The trap: an option that is called differently in two commands. Imports typer and nothing of ours: `--help` stays fast.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer

Spoken = Annotated[
    str, typer.Option("--language", envvar="COUNTROOM_LANGUAGE", metavar="CODE", help="The language a person reads: en or tr. JSON stays as it is.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON, amounts in minor units.")]


def with_arguments_of(chooser: Callable[..., Any], kind: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command the arguments of `chooser`, whose result (of the type named `kind`) it receives as its first parameter."""

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        choosing = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in inspect.signature(chooser).parameters.values()]
        own = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in list(inspect.signature(command).parameters.values())[1:]]

        def wrapped(**given: Any) -> int:
            choice = chooser(**{each.name: given.pop(each.name) for each in choosing})
            return command(choice, **given)

        parameters = [
            each.replace(annotation=get_type_hints(of, of.__globals__ | {kind: object}, include_extras=True)[each.name])
            for of, each in [*((chooser, each) for each in choosing), *((command, each) for each in own)]
        ]
        wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapped.__annotations__ = {each.name: each.annotation for each in parameters}
        wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
        return wrapped

    return decorate
