"""The application as a record: every answer as it was submitted, the document made of it, and the proof of who did what."""
