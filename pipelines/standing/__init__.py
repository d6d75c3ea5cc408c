"""Standing: how the reconciliation stands, from the marts, and how good that is where the answer is known."""
