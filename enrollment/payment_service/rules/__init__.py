"""What the payment portal asks of numbers and of the order of things. Pure: no clock, no database, no settings."""
