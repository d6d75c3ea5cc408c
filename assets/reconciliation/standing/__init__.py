"""A day as it stands: made (day.py), and as bytes that can be frozen, given back and compared (document.py)."""
