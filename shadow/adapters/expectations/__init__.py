"""Great Expectations on one window's arrivals, before anything is spent on them: see `validate`."""
