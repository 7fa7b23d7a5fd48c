"""What stands on an ID card and how it becomes a PDF (ADR 0016)."""
