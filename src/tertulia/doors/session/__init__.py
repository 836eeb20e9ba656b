"""What a person's session has at every door that can be come back to: a numbered outbox, a token, and which socket writes for it."""

from tertulia.doors.session.session import Session

__all__ = ["Session"]
