"""What one run's certificate says: how its candidate was held, and what the record of that carries; pure."""
