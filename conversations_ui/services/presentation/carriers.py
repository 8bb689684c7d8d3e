"""Why a carrier or a provider did not deliver, in plain language.

The codes are those of LC Phone's carrier Twilio; what each means is published, page by page, in
Twilio's "Error and Warning Dictionary" (https://www.twilio.com/docs/api/errors). The sentences are
ours: written for somebody who answers customers, not for somebody who runs the account.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

# Only codes whose published title we have seen; any other code is shown as it is.
# code -> the reason, as the end of "Not delivered: ..."
REASONS: dict[str, str] = {
    # The number, or what we may send to it
    "21211": gettext_noop("this is not a valid phone number."),
    "21266": gettext_noop("the message was addressed to the number it was sent from."),
    "21408": gettext_noop("our account may not send to that country."),
    "21606": gettext_noop("our sending number cannot send messages to this number."),
    "21608": gettext_noop("our trial account may only send to numbers it has verified."),
    "21610": gettext_noop("the customer has opted out by answering STOP."),
    "21612": gettext_noop("this number cannot be reached from our sending number."),
    "21614": gettext_noop("this number cannot receive text messages; it is not a mobile number."),
    # On its way
    "30001": gettext_noop("too many messages were waiting to be sent at once."),
    "30002": gettext_noop("our sending account is suspended."),
    "30003": gettext_noop("the phone could not be reached; it may be off or without signal."),
    "30004": gettext_noop("the number does not accept our messages; it may have blocked us."),
    "30005": gettext_noop("the number is unknown; it may no longer be in use."),
    "30006": gettext_noop("this is a landline, or its carrier cannot be reached."),
    "30007": gettext_noop("a filter took the message for spam or for unwanted content."),
    "30008": gettext_noop("the carrier gave no reason."),
    "30009": gettext_noop("a part of the message got lost on its way."),
    "30010": gettext_noop("sending it would have cost more than our account allows."),
    "30011": gettext_noop("this number cannot receive pictures and other media."),
    # Registration and limits in the United States
    "30022": gettext_noop("we sent more in a short time than the carriers allow us."),
    "30023": gettext_noop("we have sent as many messages today as the carrier allows us."),
    "30024": gettext_noop("the carrier does not know our sending number yet."),
    "30032": gettext_noop("our toll-free number has not been verified yet."),
    "30033": gettext_noop("our registered campaign is suspended."),
    "30034": gettext_noop("our sending number is not registered for business messages."),
    "30035": gettext_noop("the registration of our sending number is still under way."),
    "30410": gettext_noop("the provider on the way did not answer in time."),
    "30450": gettext_noop(
        "the number is blocked for a while, as messages to it looked like fraud."
    ),
    "30453": gettext_noop(
        "the number is blocked for a while, as messages to it looked like fraud."
    ),
    "30500": gettext_noop("the provider had a fault of its own."),
    # WhatsApp and other channels
    "63003": gettext_noop("nobody can be reached at this address; it may not be in use."),
    "63008": gettext_noop("the channel is not set up correctly on our side."),
    "63014": gettext_noop("the customer has blocked us, or has opted out."),
    "63016": gettext_noop(
        "the customer’s last message is too long ago (24 hours on WhatsApp), and only a message "
        "template may be sent."
    ),
}
