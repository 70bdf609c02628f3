"""The kernel's part of containment: what a candidate's process may ask of it."""
