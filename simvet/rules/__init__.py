"""What happens in a year, as pure functions of bare arrays."""
