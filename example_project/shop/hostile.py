"""Input that breaks hand-written webhook senders."""


class Unprintable:
    """An object whose ``repr`` raises."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


CYCLE: list[object] = []
CYCLE.append(CYCLE)

MESSAGE = (
    "@everyone <@&1> ```not code``` \x00 \ud800 \u202e Z\u0335\u0321a\u0310lgo 🛒 [link](https://example.com) "
    + "long " * 10_000
)
CONTEXT: dict[str, object] = {
    "backticks": "```" * 100,
    "password": "hunter2",
    "cycle": CYCLE,
    "unprintable": Unprintable(),
    "empty": "",
    "nul": "a\x00b",
    **{f"field_{number}": "🧾" * number for number in range(60)},
}
