"""What studies cost: draws streamed to disk, runs by person, chunks on Dask, and what faults leave behind."""
