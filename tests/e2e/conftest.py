"""The casino that these tests look at."""

from tests.running_world import run_world

__all__ = ["run_world"]
