"""The mistakes themselves: what a hand does to one movement. Which ones are planted where: ../defects.py."""
