"""A refund desk to try shadow mode on: a live system, its control, two candidates, a contract, a reviewer."""
