"""The room as a pure machine: commands and the time go in, events come out. No await, clock, socket or random source."""
