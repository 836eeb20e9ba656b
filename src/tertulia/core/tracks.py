"""What is published in a room, and who receives it. Storage only: the room decides who may, and says what happened."""

from collections.abc import Iterable
from dataclasses import replace

from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Preference, Publication, Subscription
from tertulia.errors import Code, ProtocolError


class Tracks:
    """Publications and subscriptions, each in the order in which they came."""

    def __init__(self) -> None:
        self._publications: dict[PublicationId, Publication] = {}
        self._subscriptions: dict[PublicationId, dict[ParticipantId, Subscription]] = {}

    def all(self) -> tuple[Publication, ...]:
        return tuple(self._publications.values())

    def of(self, owner: ParticipantId) -> tuple[Publication, ...]:
        return tuple(publication for publication in self._publications.values() if publication.owner == owner)

    def has(self, publication: PublicationId) -> bool:
        return publication in self._publications

    def get(self, publication: PublicationId) -> Publication:
        """Raises no_such_publication."""
        found = self._publications.get(publication)
        if found is None:
            raise ProtocolError(Code.NO_SUCH_PUBLICATION, "there is no such publication")
        return found

    def put(self, publication: Publication) -> None:
        """Adds it, or puts it in the place of its older state."""
        self._publications[publication.id] = publication
        self._subscriptions.setdefault(publication.id, {})

    def remove(self, publication: PublicationId) -> tuple[ParticipantId, ...]:
        """Says who had subscribed; their subscriptions are gone too."""
        del self._publications[publication]
        return tuple(self._subscriptions.pop(publication))

    def subscription(self, subscriber: ParticipantId, publication: PublicationId) -> Subscription | None:
        return self._subscriptions.get(publication, {}).get(subscriber)

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Everybody's, in the order of the publications."""
        return tuple(found for by in self._subscriptions.values() for found in by.values())

    def restore(self, publications: Iterable[Publication], subscriptions: Iterable[Subscription]) -> None:
        """Raises KeyError for a subscription to nothing."""
        for publication in publications:
            self.put(publication)
        for subscription in subscriptions:
            self._subscriptions[subscription.publication][subscription.subscriber] = subscription

    def subscriptions_of(self, subscriber: ParticipantId) -> tuple[Subscription, ...]:
        return tuple(found for by in self._subscriptions.values() if (found := by.get(subscriber)) is not None)

    def subscribe(self, subscriber: ParticipantId, publication: PublicationId) -> bool:
        """Whether that is new."""
        subscribers = self._subscriptions[publication]
        if subscriber in subscribers:
            return False
        subscribers[subscriber] = Subscription(subscriber, publication)
        return True

    def unsubscribe(self, subscriber: ParticipantId, publication: PublicationId) -> bool:
        """Whether there was a subscription."""
        return self._subscriptions[publication].pop(subscriber, None) is not None

    def prefer(self, subscription: Subscription, preference: Preference) -> None:
        changed = replace(subscription, preference=preference)
        self._subscriptions[subscription.publication][subscription.subscriber] = changed
