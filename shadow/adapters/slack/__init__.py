"""Slack: a run's digest as Block Kit, posted where a connection exists; Slack being down fails nothing."""
