"""Catalogues: the registries of Python, exported as tables, so that SQL uses the same words without a second list."""
