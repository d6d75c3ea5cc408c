"""The casino's own side of a real settlement file, for `countroom world replay FILE`. Start at casino_side.py."""
