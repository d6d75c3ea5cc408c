"""Why a payment was refused, in one set of words, and what may be tried next. Start at taxonomy.py; codes.py turns a PSP's codes into it."""
