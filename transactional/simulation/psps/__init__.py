"""What PSPs make of movements: one settlement desk per PSP, on a common one. Start at settlement.py."""
