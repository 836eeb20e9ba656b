"""One suite of scenarios for every door: what a room promises whoever speaks to it, run against `tertulia serve`."""
