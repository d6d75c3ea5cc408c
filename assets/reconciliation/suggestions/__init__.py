"""What might belong together although nothing proves it: suggestions for a person, never matches. See search.py."""
