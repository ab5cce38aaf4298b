"""From what is said to what is handed over: mails as bytes, letters and statements as PDF. No clock, no chance."""
