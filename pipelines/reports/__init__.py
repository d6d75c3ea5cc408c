"""A day as a person reads it: page, workbook, files; in the reader's language. What is rendered anywhere is rendered here."""
