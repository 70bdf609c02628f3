"""The mathematics of a verdict: integer counts in, log-evidence out; pure. What a gate needs is standard library."""
