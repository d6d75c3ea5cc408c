"""Reconciliation: which lines agree, which do not, and the proof that none was lost."""
