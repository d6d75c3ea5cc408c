"""A day as files for spreadsheets and programs: workbook, CSV, Parquet. The tables are the same in all of them (frames.py)."""
