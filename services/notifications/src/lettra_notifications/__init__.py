"""Lettra's notifications service: sends invoices, statements and reminders, and takes in what comes back."""
