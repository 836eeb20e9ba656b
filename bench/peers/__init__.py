"""Other servers, measured beside ours in the same run."""
