"""Many runs: ensembles, sensitivity, discovery, and what it would take."""
