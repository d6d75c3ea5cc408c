"""The layers of the ladder, in the order matching.py applies them. Each reads and writes tables of one bench and sees only what is unclaimed."""
