"""How risk-scoring judges: profile, score, expectations, losses, limits, key figures. Pure: days and rules come in."""
