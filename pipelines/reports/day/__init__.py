"""The page of a day and its parts."""
