"""Cities: the model, the importers and the synthetic generator."""
