"""Outcomes of attempts as they come, between two runs: the light path to a scorecard."""
