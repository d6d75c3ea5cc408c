"""What is told to people without their asking: alerts, and the daily evidence bundle."""
