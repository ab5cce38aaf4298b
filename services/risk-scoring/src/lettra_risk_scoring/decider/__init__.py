"""Risk-scoring's decider: blocking and unblocking, by the rules and by people. Pure."""

from lettra_risk_scoring.decider.blocking import Situation, decide, evolve, override

__all__ = ["Situation", "decide", "evolve", "override"]
