"""Suggested matches over HTTP."""
