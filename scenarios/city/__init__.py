"""Commands about cities: build, import, show and check one, without running anything."""
