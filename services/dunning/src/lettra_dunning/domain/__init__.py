"""Dunning's words: calendar, policy, customers, agreements, rates, interest, agenda, measures. Pure."""
