"""The carrier's pages on plans, places, calendars, quotes and applications; each noun has a module of its own."""
