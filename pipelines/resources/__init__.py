"""Typed doors to the outside: the warehouse, the object store, the clock. Below assets: they receive these as values."""
