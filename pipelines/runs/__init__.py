"""Runs: the whole pipeline inside one process, with progress for a person."""
