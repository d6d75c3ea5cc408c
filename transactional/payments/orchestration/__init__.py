"""One intent moved by at most one attempt at a time, over several PSPs. Start at gateway.py for the words, at orchestrator.py for the way."""
