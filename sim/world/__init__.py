"""The simulated city, which knows the truth and nothing of the operations centre."""
