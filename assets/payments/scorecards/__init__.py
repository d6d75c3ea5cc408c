"""Scorecards: how well each PSP does in each cell of traffic, with how much certainty."""
