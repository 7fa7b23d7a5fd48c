"""Payments: the hand-over to a payment service on another origin, and what it tells (PAY, ADR 0024)."""
