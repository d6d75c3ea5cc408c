"""Does it route better? Simulated payers and PSPs with the same draws for every policy, and the one public log with a choice of PSP."""
