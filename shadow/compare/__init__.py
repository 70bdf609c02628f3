"""Compare: what both sides did with a case, place by place, and the causes of what differs."""
