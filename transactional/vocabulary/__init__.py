"""The shared kernel: money, time, ids, errors, domains and table contracts. Standard library only; everyone may import it."""
