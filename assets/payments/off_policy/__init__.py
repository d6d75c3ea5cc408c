"""What would another policy have brought in? From a log of decisions with their probabilities, before it is let near a payment."""
