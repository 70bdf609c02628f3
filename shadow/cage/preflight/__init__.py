"""Whether the cage holds on this machine: attacks that land without it and must not land in it."""
