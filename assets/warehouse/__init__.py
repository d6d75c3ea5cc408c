"""Warehouse: dbt's models as assets."""
