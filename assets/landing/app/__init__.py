"""The app tables whose columns are many: what of them lands. See app_tables.py."""
