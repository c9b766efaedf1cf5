"""What disturbs the city."""
