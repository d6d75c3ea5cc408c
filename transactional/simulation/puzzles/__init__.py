"""What a casino plants for suggestions: money that belongs together although the words that said so are lost. Start at planted.py."""
