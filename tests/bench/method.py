"""How each figure is measured: the words of `docs/benchmarks.md`."""

from __future__ import annotations

OPENING = """# Benchmarks

What Mainstem promises of its speed, and what was measured. `make bench` runs everything and writes this page;
`make bench-NAME` runs one part and leaves the others as they were. Everything runs on one machine over loopback: load
makers, hub and MongoDB share its processors, so a machine of their own for each would give more. Each figure stands
beside a *floor* measured in the same run: the least that the same work costs without Mainstem. The ratio therefore says
more than the figure, which changes with the machine. A run on a machine that does something else meanwhile says little:
look at the load average."""

METHODS = {
    "ingest": """A whole hub (feed, search filler and all other readers running) takes mails through `Stream.ingest` from 200
producers at once: half begin a conversation, half answer one. 50 agents in 25 queues hold a console each, in a second
process. The clock stops when the last message is durable (majority, journaled); the second figure stops when the last
console has its last event. The result is checked: every message once, every answer in its conversation. The floor writes
the same messages, conversations and events again, 100 in a transaction, with no index, nothing looked up and nothing
decided.""",
    "door": """A `mainstem serve` process takes mails by SMTP from a sender in another process: 50 connections that stay open, with
PIPELINING. Each mail is kept raw, parsed, threaded and durable before it is acknowledged; the clock stops when the
consoles of two agents have all of them. The floor is aiosmtpd with a handler that does nothing, fed by the same sender.""",
    "mailbox": """A Dovecot holds the same mails in one mailbox when a `mainstem serve` process with an account for it starts. Each mail
is kept raw, parsed, threaded and durable before the bookmark moves past it. The clock runs from the first message in the
stream to the last. The floor is one IMAP connection that fetches all of them in one command and makes nothing of them.""",
    "fanout": """N consoles of one queue sit in a client process. Twenty events of the size of a message are committed in one unit
of work in another process, and travel by the change stream to the hub and from there to all consoles; the clock runs from
before the commit until the last console has the last event. The floor is bare python-socketio that emits the same events
to a room of the same client process, without database. The middle of six rounds counts, for both.""",
    "consoles": """Resident memory of a `mainstem serve` process before and after N people connect, each with a token of their own,
divided by N. The floor is the same for bare python-socketio and aiohttp with one room. No connection asks for compression.""",
    "pages": """A database with 1,000,000 messages in 100,000 conversations and 20 queues, made by the same functions that make the
documents of the commit loop, written in batches. Then a `mainstem serve` process answers 500 requests for each page, four
at a time, with the session cookie of an agent of five queues. Times are what the client sees. The floor is the same MongoDB
query made directly by the driver, four at a time, without HTTP, rights or JSON. """,
    "screen": """Chromium before a `mainstem serve` process with 10,000 conversations of one message and one of 10,000, all open, all
the agent's. First paint: from the click on the long conversation until its newest page is painted, in the page's own clock; the
middle of seven reloads. Event to row: all 10,000 rows are fetched, then a conversation gets another subject a hundred times; from
the moment the browser has the event's frame until the row shows it. There is no floor: the budgets are absolute.""",
    "search": """The same database as for the pages. The search index is filled by the product's own reader (its rate is shown); where a
million messages would take longer than an hour, the newest 300,000 are indexed and the note says so. Texts follow Zipf's law; questions are one or two words,
Chinese or English, or an order number, asked over HTTP two at a time (as many as a hub lets run at once) by an agent of five queues,
so that three of four hits must be left out. The floor is one bare index look-up of the first word. Live work: a hub takes mails as in *ingest*, with and without four people who search again a quarter of
a second after each answer, in turns.""",
    "telephony": """A `mainstem serve` process listens to an AMI socket at which recorded calls of a real Asterisk 22 happen again, made
over for other callers and agents: 50 calls begin each second for a minute, the caller of each is one of 1,000,000 contacts, and
each of 100 agents, five in each of 20 queues, sits at a console that is a whole python-socketio client. The way runs from the moment at which the PBX
process sends the event (its time stamp) until `call.ringing` with the matched contact is at the console. The part in the hub is
between two stamps that the event carries: heard (its bytes were read from the socket), and told (raw events kept, calls made of
them, the caller looked up, the turn of a unit of work had); the commit of the event, the change stream and the socket come after it. The floor does the least with the same
MongoDB at the same rate: eight raw events kept, the number looked up, a message and an event in one transaction, delivered
by a change stream; no hub, no socket, no console. One more agent, alone in a queue of their own, has the built console in a
Chromium on the same machine, where two more calls ring each second: this way ends when the card with the contact is painted.""",
    "reports": """A year of 1,000,000 facts of calls (ten queues, 200 agents, up to six wrap-up codes), added up day by day and week by
week by the product's own roller; how long that takes is shown. Then the report of all 365 days of Shanghai is made by each of
the things one can ask by, two reports at a time, over one queue and over all. Its ends come from the facts of a day,
because days there are not those of UTC, where sums are kept. The floor is a bare find of the rows that are read. The
budget is our own.""",
    "coldstart": """`mainstem up --demo` with a folder that has been used before: from the start of the process until it says that it
is ready. The floor is the embedded MongoDB alone, over the same folder, until it takes writes.""",
    "not measured yet": """The customer overview, which has the budget of the other pages; it has no route yet.""",
}
