"""Payments: intents, attempts and what the PSPs said of them."""
