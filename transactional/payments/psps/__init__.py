"""Payment service providers: one frozen spec each. Start at spec.py for the words, at registry.py for the list."""
