"""Why a payment was refused, in one set of words, and what may be tried next. Start at taxonomy.py; reading.py turns a PSP's codes into it."""
