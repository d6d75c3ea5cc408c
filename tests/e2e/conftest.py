"""The casino and the real files that these tests look at."""

from tests.e2e.real_files import real_files
from tests.running_world import run_world

__all__ = ["real_files", "run_world"]
