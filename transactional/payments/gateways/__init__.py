"""Adapters: our accounts at PSPs over HTTP, each behind the protocol of orchestration/gateway.py. A PSP is one more file here; registry.py finds it."""
