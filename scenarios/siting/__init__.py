"""Where sensors stand: rules of the scenario applied to a city."""
