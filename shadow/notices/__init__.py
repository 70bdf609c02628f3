"""Notices: what people are told because a pattern has appeared; never because of a single error."""
