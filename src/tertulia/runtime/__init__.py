"""What makes the pure room live: a task, an inbox and a timer for each, and what follows from its events."""
