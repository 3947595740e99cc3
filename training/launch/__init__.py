"""Ways to start the same command: a process on this machine, or a job on a Ray cluster."""
