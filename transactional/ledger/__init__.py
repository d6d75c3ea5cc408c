"""The double-entry ledger: accounts, entries, holds. `accounts`, `entries`, `holds` and `posting_templates` are pure."""
