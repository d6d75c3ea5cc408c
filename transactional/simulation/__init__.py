"""The outside, simulated: players, PSPs and banks, with an answer key. Behind `countroom world`; it ships, because the demo needs it."""
