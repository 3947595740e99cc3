"""Training jobs: `python -m training run RUN_DIR`, with no database and no Django."""
