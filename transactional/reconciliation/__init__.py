"""Reconciliation, the people's part: who works on which break, what they found, and what was booked for it. Facts only; the engine is in assets."""
