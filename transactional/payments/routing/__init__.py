"""Which PSP gets the next attempt, and why."""
