"""Documents that people write together. What is in them is Yjs' and y-protocols', as bytes."""

from typing import Annotated

from msgspec import Meta

from tertulia.wire.native.base import FromServer, Message, Payload, RequestId, Topic

DocumentName = Annotated[Topic, Meta(description="Of a document in its room, such as `notes` or `board/1`.")]


class DocumentOpen(Message, frozen=True, omit_defaults=True, tag="document_open"):
    """Opens a document, or brings it up to date again. `bytes`: a sync message of step 1, with what one has of it.

    Before the reply `ok` come, as `document_sync`, what one does not have (step 2) and what the server has (step 1), and who else is
    there as `document_awareness`. Errors: invalid, too_many_documents, store_failed.
    """

    id: RequestId
    document: DocumentName
    bytes: Payload = b""


class DocumentSync(Message, frozen=True, omit_defaults=True, tag="document_sync"):
    """What one has written: a sync message of step 2, or an update. Takes the right `data`.

    Errors: invalid (it is no such message, and the document is closed for you; or it is not open), not_allowed, too_large.
    """

    id: RequestId
    document: DocumentName
    bytes: Payload = b""


class DocumentAwareness(Message, frozen=True, omit_defaults=True, tag="document_awareness"):
    """What one shows to the others meanwhile, such as a cursor: an awareness update. Whose client ids it names are one's own from now on.

    Errors: invalid (as above), too_large.
    """

    id: RequestId
    document: DocumentName
    bytes: Payload = b""


class DocumentClose(Message, frozen=True, tag="document_close"):
    """One has it open no more."""

    id: RequestId
    document: DocumentName


class DocumentSynced(FromServer, frozen=True, tag="document_sync"):
    """A sync message about a document that one has open: step 1, step 2, or an update of somebody else's."""

    document: str
    bytes: Payload = b""


class DocumentAwarenessChanged(FromServer, frozen=True, tag="document_awareness"):
    """What others show in a document that one has open: an awareness update."""

    document: str
    bytes: Payload = b""


class DocumentClosed(FromServer, frozen=True, tag="document_closed"):
    """The server has closed it for you. `code` is one of the error codes."""

    document: str
    code: str
    message: str
    retryable: bool


ClientDocuments = DocumentOpen | DocumentSync | DocumentAwareness | DocumentClose
ServerDocuments = DocumentSynced | DocumentAwarenessChanged | DocumentClosed
