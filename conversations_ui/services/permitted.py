"""The check everything passes: a client that gives out what its reader may see, and no more.

What is asked for is held against the access of the sub-account it is asked through, on its way out
of the cache and of the API alike: who may see only what is assigned to some users is shown a
conversation after a look at whom it is assigned to (an answer that is good for half a minute), and
what is withheld is taken out of the records, so that no page can show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from conversations_ui.accounts.access import Access, Part
from conversations_ui.accounts.models import NotOpened
from conversations_ui.highlevel.client import Client
from conversations_ui.highlevel.errors import BadAnswer, Forbidden, NotFound
from conversations_ui.highlevel.mails import Email
from conversations_ui.highlevel.records import (
    Contact,
    Conversation,
    ConversationPage,
    Location,
    Message,
    MessagePage,
    User,
)
from conversations_ui.highlevel.streams import Stream
from conversations_ui.highlevel.transcripts import Transcript
from conversations_ui.services import withheld

NOT_THERE = 404
_NO_SUCH_ID = (400, 422)  # what the API says of ids it does not like


class Permitted:
    """Reads one sub-account for whoever its access was opened for.

    Methods are those of `Client` and raise what those raise; `NotFound` for what may not be seen,
    just as for what is not there. `NotOpened` when nobody was named.
    """

    def __init__(self, client: Client, location_id: str, access: Access) -> None:
        self._client = client
        self._location_id = location_id
        self._access = access

    def access_to(self, conversation_id: str) -> Access:
        """The access to one conversation: one call where it depends on whom that is assigned to.

        Raises `NotFound` for a conversation that may not be seen.
        """
        known = known_access(self._access, conversation_id)
        if known is not None:
            return known
        return self._judged(conversation_id, self._asked(conversation_id))

    def messages(
        self,
        conversation_id: str,
        *,
        limit: int = 20,
        last_message_id: str | None = None,
        types: Iterable[str] = (),
    ) -> MessagePage:
        """One page of a conversation's messages, newest first."""
        access, wanted = self.access_to(conversation_id), tuple(types)
        if Part.COMMENTS in access.withheld and wanted:
            wanted = tuple(one for one in wanted if not withheld.is_comment(one))
            if not wanted:
                return MessagePage((), "", False, {})
        page = self._client.messages(
            conversation_id, limit=limit, last_message_id=last_message_id, types=wanted
        )
        return withheld.message_page(page, access.withheld)

    def search(
        self,
        location_id: str,
        *,
        limit: int = 20,
        query: str = "",
        status: str = "",
        last_message_type: str = "",
        last_message_direction: str = "",
        assigned_to: str = "",
        sort: str = "desc",
        start_after_date: int | None = None,
    ) -> ConversationPage:
        """One page of conversations: those that may be seen, by what may be seen of them."""
        if self._access.conversation_id:
            raise NotOpened("The sub-account was opened for one conversation only.")
        if location_id != self._location_id:
            raise NotFound(status=NOT_THERE)
        whose = self._access.assigned_to
        if whose and assigned_to:
            whose = whose & {assigned_to}
            if not whose:
                return ConversationPage((), 0, {})
        page = self._client.search(
            location_id,
            limit=limit,
            query=query,
            status=status,
            last_message_type=last_message_type,
            last_message_direction=last_message_direction,
            assigned_to=",".join(sorted(whose)) or assigned_to,
            sort=sort,
            start_after_date=start_after_date,
        )
        if not self._access.strict and not self._access.withheld:
            return page
        asked = withheld.Asked(query, last_message_type, last_message_direction)
        rows = tuple(self._shown(page.conversations, asked))
        # How many there are in all would tell of those that are not shown.
        whole = len(rows) == len(page.conversations) and not asked.meets(self._access.withheld)
        return replace(page, conversations=rows, total=page.total if whole else None, raw={})

    def _shown(self, rows: Iterable[Conversation], asked: withheld.Asked) -> Iterator[Conversation]:
        for row in rows:
            access = self._access.at(row.id, row.assigned_to)
            if access is None:
                continue
            found = withheld.conversation(row, access.withheld)
            if asked.fits(found, access.withheld):
                yield found

    def conversation(self, conversation_id: str) -> Conversation:
        """One conversation."""
        access = known_access(self._access, conversation_id)
        if access is not None:
            found = self._client.conversation(conversation_id)
        else:
            found = self._asked(conversation_id)
            access = self._judged(conversation_id, found)
        return withheld.conversation(found, access.withheld)

    def message(self, message_id: str) -> Message:
        """One message."""
        message = self._client.message(message_id)
        access = self._access_of(message.conversation_id)
        found = withheld.message(message, access.withheld)
        if found is None:
            raise NotFound(status=NOT_THERE)
        return found

    def email(self, email_id: str) -> Email:
        """One mail."""
        found = self._client.email(email_id)
        return withheld.email(found, self._access_of(found.conversation_id).withheld)

    @contextmanager
    def recording(
        self, message_id: str, location_id: str, *, conversation_id: str
    ) -> Iterator[Stream]:
        """The sound of a call of this conversation."""
        self._check_call(message_id, conversation_id)
        with self._client.recording(message_id, location_id) as stream:
            yield stream

    def transcription(
        self,
        location_id: str,
        message_id: str,
        *,
        conversation_id: str,
        duration: float | None = None,
    ) -> Transcript:
        """What was said in a call of this conversation."""
        self._check_call(message_id, conversation_id)
        return self._client.transcription(location_id, message_id, duration=duration)

    def contact(self, contact_id: str, *, conversation_id: str) -> Contact:
        """The contact of this conversation."""
        access = self.access_to(conversation_id)
        if access.strict and self._client.conversation(conversation_id).contact_id != contact_id:
            raise NotFound(status=NOT_THERE)
        return withheld.contact(self._client.contact(contact_id), access.withheld)

    def user(self, user_id: str) -> User:
        """One member of staff: everybody who may see something sees who works there."""
        return self._client.user(user_id)

    def location(self, location_id: str) -> Location:
        """The sub-account itself."""
        if location_id != self._location_id:
            raise NotFound(status=NOT_THERE)
        return self._client.location(location_id)

    def _asked(self, conversation_id: str) -> Conversation:
        """A conversation that may have to be kept secret: one that is not there looks the same."""
        try:
            return self._client.conversation(conversation_id)
        except (NotFound, Forbidden):
            raise NotFound(status=NOT_THERE) from None
        except BadAnswer as error:
            if error.status in _NO_SUCH_ID:
                raise NotFound(status=NOT_THERE) from None
            raise

    def _judged(self, conversation_id: str, found: Conversation) -> Access:
        """The access to a conversation that has just been read."""
        same = (found.id, found.location_id) == (conversation_id, self._location_id)
        access = self._access.at(conversation_id, found.assigned_to) if same else None
        if access is None:
            raise NotFound(status=NOT_THERE)
        return access

    def _access_of(self, conversation_id: str) -> Access:
        """The access to what says that it is of this conversation."""
        if conversation_id:
            return self.access_to(conversation_id)
        if self._access.strict:
            raise NotFound(status=NOT_THERE)
        return self._access

    def _check_call(self, message_id: str, conversation_id: str) -> None:
        access = self.access_to(conversation_id)
        if Part.RECORDINGS in access.withheld:
            raise NotFound(status=NOT_THERE)
        if access.strict and self._client.message(message_id).conversation_id != conversation_id:
            raise NotFound(status=NOT_THERE)


def known_access(access: Access, conversation_id: str) -> Access | None:
    """The access to a conversation where nothing has to be asked for that, else None.

    Raises `NotFound` where it is known that there is none.
    """
    if access.depends:
        return None
    known = access.at(conversation_id, "")
    if known is None:
        raise NotFound(status=NOT_THERE)
    return known
