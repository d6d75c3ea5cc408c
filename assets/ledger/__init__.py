"""What the ledger's balances mean: the proof of player funds. Pure; its tables are dbt marts of the schema `ledger`."""
