"""One process of several: `tests/refreshing.py SITUATION`, told by standard input to go.

It prints "ready", waits for a line, takes the token and prints it.
"""

import os
import sys
import threading

import django


def main(situation: str) -> None:
    """Take the token of the only sub-account there is."""
    django.setup()
    from django.db import connection

    from conversations_ui.accounts import tokens
    from conversations_ui.accounts.models import SubAccount

    account = SubAccount.objects.get()
    refused = account.token
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    if situation == "refused":
        print(tokens.renewed(account, refused), flush=True)  # noqa: T201
        return
    if situation == "thread":

        def work() -> None:
            token = tokens.current(account)
            print(token, connection.connection is None, flush=True)  # noqa: T201

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return
    print(tokens.current(account), flush=True)  # noqa: T201
    if situation == "crash":
        os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
