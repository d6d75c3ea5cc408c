"""Bank files: one module per format, one normal form (`entries`)."""
