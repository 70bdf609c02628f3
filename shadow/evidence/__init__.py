"""The mathematics of a verdict: integer counts in, log-evidence out; pure, standard library only."""
