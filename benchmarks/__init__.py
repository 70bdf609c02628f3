"""What the README's figures come from; one command each, as `python -m benchmarks.scale`."""
