"""What "ready" promises and costs, measured: each figure beside the bar that it must meet."""
