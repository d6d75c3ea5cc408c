"""Payments: what the attempts say of PSPs."""
