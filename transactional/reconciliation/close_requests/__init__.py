"""Closes that somebody asked for and that the pipeline carries out: the service says who wants a day frozen, the warehouse what is frozen."""
