"""Who may enter: tokens."""
