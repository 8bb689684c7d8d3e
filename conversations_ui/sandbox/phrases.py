"""What people write at a dental practice and a bike shop, in English; see also `phrases_abroad`.

A dialogue is a block of lines: `<` comes from the customer, `>` from the staff, `*` from
automation. An indented line goes on with the one above, and `\\n` is a line break in the text.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a dialogue; `who` is `<`, `>` or `*`."""

    who: str
    text: str


Dialogue = tuple[Turn, ...]


def dialogues(block: str) -> tuple[Dialogue, ...]:
    """The dialogues written in a block of text, parted by empty lines."""
    found: list[list[Turn]] = [[]]
    for line in block.strip("\n").split("\n"):
        if not line.strip():
            found.append([])
        elif line.startswith("  "):
            last = found[-1].pop()
            found[-1].append(Turn(last.who, f"{last.text} {_lines(line.strip())}"))
        else:
            found[-1].append(Turn(line[0], _lines(line[2:])))
    return tuple(tuple(turns) for turns in found if turns)


def _lines(text: str) -> str:
    return text.replace("\\n", "\n")


DENTAL_EN = dialogues(r"""
< Hi! Do you take Delta PPO?
> Hi {first}, {staff} at {business} here. Yes, we are in network with Delta PPO.
< Great. Could I get a cleaning some time next week?
> {day} at {time} is free, or the day after at 8:15. Which suits you?
< {day} works
> Done, you are booked. You will get a reminder the day before.
< Thank you!! 🙏

< A crown came loose last night. It doesn't hurt but I'd like it looked at before I travel.
> Sorry to hear that, {first}. Could you send a photo of it? Then {doctor} can tell whether you
  need 20 minutes or an hour.
< It's the upper left one.\nSecond from the back, I think.
> Thanks. {doctor} can see you {day} at {time}. Please keep the crown in a clean box and do not
  glue it back.
< Too late for that 😅 kidding. See you {day}.

< what does {service} cost without insurance?
> Without insurance {service} is {price}. That includes the X-rays and a check-up four weeks later.
< ok and with a payment plan?
> We split it in up to six parts without interest. The form is here:
  https://northside-dental.example/plans
< I'll think about it
> Of course. The quote stays good for 60 days.

* Hi {first}, this is {business}. Your visit is on {day} at {time}. Reply C to confirm or R to
  find another time.
< C
* Thank you, {first}. You are confirmed for {day} at {time}.

* Hi {first}, this is {business}. Your visit is on {day} at {time}. Reply C to confirm or R to
  find another time.
< R
> Hello {first}, no problem. Would the following {day} at {time} work?
< can't do mornings
> 16:40 then?
< perfect

< Running about 15 minutes late, the train is stuck
> Thanks for telling us. We will move you to {time}, no rush.
< you're the best

< Do you have parking? It is my mother's first visit and she can't walk far
> Yes, six places behind the building, entrance from Linden Street. The door there has no steps.
< wonderful

< Hi, I still have some swelling after the extraction on {day}. Is that normal?
> Hi {first}. Some swelling for two or three days is normal. Is there fever, or does it get worse
  when you lie down?
< No fever. A bit worse at night
> I asked {doctor}: please cool it for ten minutes every hour, and sleep with your head raised. If
  it is not clearly better tomorrow at noon, call us on {phone} and we will see you the same day.
< Will do. Thanks for answering so fast
< Better today btw!
> Good to hear 😀

< Can you email me the receipt for last time? Address is {mail}
> Sent just now. Please look in the spam folder too, our mails with a PDF end there sometimes.
< got it

< is {doctor} in on saturday?
> Only every second Saturday, from 8:30 to 13:00. The next one is free at {time}.
< no thats ok i'll wait till monday

< I was charged twice???? Please check. Card ending 0148
> I am sorry, {first}, let me look.
> You are right: the terminal lost its connection and the first payment went through later. I have
  refunded {price}. It takes three to five days to show.
< ok thank you for fixing it quickly

< Hey, it's {first}. New number! Please delete the old one
> Changed, thank you. Is {mail} still right?
< yes

< Could you tell me if my daughter's retainer is ready?
> It came in this morning. You can pick it up any day until 17:30.
< 👍

> Hi {first}, {staff} from {business}. The lab is a day late with your night guard. May I move you
  from {day} to the day after, same time?
< Sure
> Thank you, and sorry about that.

< How long will {service} take? I have to be back at work by two
> About 50 minutes, {first}. With {time} you have time for lunch after.
< 😂 soup then

< My jaw clicks since the filling. Should I worry?
> Not as long as it doesn't hurt. {doctor} would like to check the height of the filling, which
  takes five minutes. {day} at {time}?
< ok
< do i pay for that?
> No, that belongs to the filling.

< STOP
* You have opted out of messages from {business}. Reply START to get them again.

< Please send me the forms before I come, I write slowly
> Here they are: https://northside-dental.example/forms/new-patient?ref=sms\nThey take about ten
  minutes. You can stop and go on later.
< done. The insurance question is confusing, I left it empty
> That is fine. Bring the card and we do it together.

< Good morning! Is it true that you see children from age two?
> Good morning {first}. Yes, from the first tooth on. The first visit is only a look and a ride in
  the chair.
< She will love the chair
< And do I have to fill in anything before?
> Only the short form at the desk. {day} {time}?
< Yes please, under the name of the little one

< I lost the paper with the instructions after {service}. Can I drink coffee?
> Not on the first day, {first}, and nothing hot until you feel your lip again. After that yes.
< Iced?
> Iced is fine 😀

< My insurance says they never got the claim from you
> Let me check. We sent it on {day} and have a confirmation. I will send it again with the
  number, and call them.
< Thanks. They told me to tell you to mark it "corrected"
> Noted. You will hear from me by tomorrow noon.
> Update: they have it now. It takes up to ten working days.
< You are a star {staff}

< Is {doctor} still on leave? I only want to see {doctor}
> Back on {day}. The first free place is at {time}.
< I'll wait then

> Hi {first}, we have a cancellation today at {time}. Would you like to come earlier?
< I can be there in 20 min
> Perfect, see you soon.
< parking is full?? where do I go
> The garage across the street. We stamp your ticket.

< Can I change the {day} appointment to a video call?
> For the follow-up yes, for {service} no, sadly 😄
< haha ok follow up by video then
> The link comes by mail to {mail} one hour before.
< nothing in my inbox yet
> Sent again. Please also look at the address: is it {mail}?
< yes got it now

< do you have evening hours
> On Tuesdays and Thursdays until 19:30.
< tuesday 18:45?
> Booked. See you then, {first}.

< Hello, my name is {first}. A friend recommended you. I have not been to a dentist in six years and
  I am a bit embarrassed about it.
> Hello {first}, thank you for writing. Nobody here will lecture you. Would you like to start with a
  talk and a look, nothing more?
< That would be great, actually
> {day} at {time}, forty minutes with {doctor}. If you want to stop, you raise a hand.
< thank you. really

< Water leaks out of your front door btw, thought you should know
> Oh no. Thank you! Somebody is on the way down.

< how do I turn the night guard case open lol
> Press both sides, then lift. It fights everybody in the first week.

< I moved to Evanston. Can you send my X-rays to the new practice?
> Of course. Please sign here, then it takes a day:
  https://northside-dental.example/release?patient={code}
< signed
> Sent. We are sorry to see you go, {first}. All the best!
< You were great. Bye!
""")

BIKE_EN = dialogues(r"""
< Hi, do you rent e-bikes for a weekend?
> Hello {first}! Yes, Friday 16:00 to Monday 10:00 for CHF 140, helmet included.
< Two please, one small frame
> Reserved for {day}. Please bring an ID.
< 🚲🚲

< my derailleur is making a noise like an angry duck
> 😄 Then it wants {service}. Bring it {day} before {time} and you have it back the same evening.
< deal

< Is the blue gravel bike in size 56 still there?
> One left. Shall I put your name on it until {day}?
< Yes please. Can I come for a test ride at {time}?
> Sure. Bring pedals if you ride clipless.

< Left my lights on the counter this morning, did you find them?
> We did, they are in the drawer with your name on it.
< phew, thanks
""")

REMINDERS = {
    "dental": (
        "Hi {first}, a reminder of your appointment at {business} on {day} at {time}.",
        "{business}: thank you for your visit, {first}. How did we do? https://go.example/r/{code}",
        "Hi {first}, it has been six months. Book your next visit: https://go.example/b/{code}",
        "Your code is {code}. It is good for ten minutes. {business} will never ask you for it.",
    ),
    "bike": (
        "Hi {first}, your bike is ready at {business}. We are open until 18:30.",
        "{business}: happy with the service, {first}? https://go.example/r/{code}",
        "Your pick-up code is {code}. Please show it at the counter.",
    ),
}
CAMPAIGNS = {
    "dental": (
        "Use your insurance benefits before they expire on 31 December. Book:"
        " https://go.example/w Reply STOP to opt out.",
        "Black Friday at {business}: 20 % off whitening until Monday. Reply STOP to opt out.",
        "We are open on Saturdays from now on. See you at {business}! Reply STOP to opt out.",
    ),
    "bike": (
        "Winter check at {business}: CHF 79 instead of 110 until the end of the month.",
        "New in the shop: cargo bikes to try out. Saturday 10:00 to 16:00, {business}.",
    ),
}
COMMENTS = {
    "dental": (
        "She was kept waiting all morning. @{staff} please waive the rebooking fee.",
        "Insurance verified: active, two cleanings a year, nothing used so far.",
        "Prefers to be called after 17:00. Hard of hearing on the left, speak slowly.",
        "Asked for a discount twice. I offered the payment plan instead.",
        "Do not text this number any more, it belongs to the husband.",
        "Second no-show this year.\n- 3 March: forgot\n- today: car broke down\nAsk for a deposit.",
    ),
    "bike": (
        "Frame number checked, not stolen.",
        "@{staff} der Kunde wartet seit Montag auf den Akku, bitte nachfragen.",
        "Gibt immer Trinkgeld, bitte Velo auch putzen.",
    ),
}
REVIEWS = {
    "dental": (
        (5, "Best hygienist I've had. Explains everything before doing it."),
        (5, "In and out in 25 minutes, and nobody tried to sell me anything."),
        (4, "Kind people, honest about price. One star less because nobody picked up the phone."),
        (2, "Waited 50 minutes although I was on time. The work itself was fine."),
        (1, "Charged me for a visit I had cancelled. Still waiting for an answer."),
    ),
    "bike": (
        (5, "Schnell, fair und freundlich. Sehr zu empfehlen!"),
        (4, "Bon travail, un peu d'attente."),
        (3, "Good work, but the bike came back with a scratch."),
    ),
}
COMMENT_LINES = (
    "Do you also do this for kids? 😍",
    "How much is it?? I wrote you a message",
    "the last video was actually useful lol",
    "Went there last week. Can recommend!",
    "@friend look, that's the place I told you about",
)
SMALL_TALK = ("👍", "🙏🎉", "ok", "Thanks!", "❤️", "see you then", "👋🏽", "😂😂😂", "K", "?", "🇨🇭")
WISHES = {
    "dental": (
        "A crown came loose on Sunday. It doesn't hurt, but I'd like it looked at before I travel.",
        "Two small fillings and a cleaning. I am a nervous patient, please plan some more time.",
        "Just moved here and looking for somebody we can stay with.",
    ),
    "bike": (
        "My e-bike loses power on hills. Two years old, 6,400 km.",
        "Ich suche ein Velo für meine Tochter (9), gern gebraucht.",
    ),
}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
DOCTORS = ("Dr Nair", "Dr Abernathy", "Dr Castellano")
SERVICES = {
    "dental": ("a cleaning", "a filling", "whitening", "a crown", "a root canal", "Invisalign"),
    "bike": ("a small service", "a full service", "new brake pads", "a wheel truing"),
}
TRANSCRIPT = (
    "Hi, it's {first}, I have a question about my appointment.",
    "Hello {first}, thank you for calling. How can I help?",
    "I'm booked for {day} at {time}, but the train is stuck, I'll be fifteen minutes late.",
    "That's all right. We will keep your place.",
    "If that doesn't work, could you move me to the afternoon instead?",
    "Let me look. Yes, two o'clock is free as well.",
    "Then the afternoon, please. Text is easier than calling for me.",
    "I'll send you a message with the new time.",
    "And does my insurance cover it? I have a Delta plan from work.",
    "It does. You pay twenty dollars on the day.",
    "Thank you, that is all I wanted to know.",
    "See you then. Goodbye.",
)
