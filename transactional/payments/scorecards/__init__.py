"""Scorecards: the contract between the warehouse that measures PSPs and the service that routes by it."""
