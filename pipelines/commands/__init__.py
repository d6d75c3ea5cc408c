"""One file here is one sub-command of `countroom`, found by its name: the module's `app` is a typer.Typer.

Modules import only the standard library and typer at the top; the rest inside their functions, so that `countroom --help` is instant.
A command returns nothing or an exit code: 0 ok, 1 found something, 2 could not do it.
"""
