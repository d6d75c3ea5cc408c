"""Parts of reading a PSP's report that need one column or two: kinds, references, record types, running balances."""
