"""Plans, dispatch, verified actuation."""
