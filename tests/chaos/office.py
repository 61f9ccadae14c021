"""Staff who have the program post answers on Reddit, look there when it asks, and what must come of it."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from monitor.domain.reply import ReplyState
from monitor.stages import answer
from monitor.stages.answer import ReplyError
from tests.chaos.found import Rows, Verdict, opened
from tests.chaos.networks import Networks
from tests.chaos.people import BRAND, Said
from tests.chaos.program import Program

CASE = (
    "SELECT c.case_id FROM case_post c JOIN post p ON p.id = c.post_id"
    " WHERE p.network = 'reddit' AND p.external_id = '{id}'"
)
WRITTEN = (
    "SELECT r.id, r.case_id, r.state, n.text, p.external_id FROM reply r"
    " JOIN note n ON n.id = r.note JOIN post p ON p.id = r.post_id ORDER BY r.id"
)
ENDS = (ReplyState.SENT, ReplyState.CANCELLED)
EAGER = 0.8
"""How often an answer is written, if somebody waits for one."""


def under_way(rows: Rows) -> int:
    """How many answers have no end yet."""
    return sum(state not in ENDS for _, _, state, _, _ in rows.execute(WRITTEN).fetchall())


@dataclass
class Office:
    """`accepted`: the texts of which the program said that it will post them."""

    program: Program
    world: Networks
    chance: random.Random
    accepted: set[str] = field(default_factory=set)

    def answers(self) -> None:
        """Perhaps answer the complaint that came last; if the program dies, it is tried again."""
        asked = [
            one
            for one in self.world.people.said
            if one.network == "reddit" and one.says == "complaint" and one.deleted_at is None
        ]
        if not asked or self.chance.random() > EAGER:
            return
        self._answers(asked[-1])

    def _answers(self, one: Said) -> None:
        text = f"r{one.mark[1:]}: we are sorry, please look into your inbox."
        its = self.program.application
        with opened(self.program.home.database) as rows:
            case = rows.execute(CASE.format(id=one.id)).fetchone()
        if case is None or text in self.accepted:
            return
        try:
            answer.answer(
                its.database,
                its.desks,
                case[0],
                text,
                approved=its.settings.answers.approved(),
                by="ana",
                now=self.world.clock(),
            )
        except ReplyError:
            return  # nobody waits for it any more, or it was written before the program died
        self.accepted.add(text)

    def decides(self) -> None:
        """Look on Reddit for what the program does not know, and say so."""
        its = self.program.application
        with opened(self.program.home.database) as rows:
            written = rows.execute(WRITTEN).fetchall()
        for number, case, state, text, _ in written:
            if state != ReplyState.ASKED:
                continue
            try:
                if self._times(text):
                    answer.posted(its.database, case, number, now=self.world.clock())
                else:
                    answer.resend(
                        its.database,
                        its.desks,
                        case,
                        number,
                        approved=its.settings.answers.approved(),
                    )
            except ReplyError:
                continue  # the wait is over: the program closes it by itself

    def looks(self) -> None:
        """Note what the program wrote on Reddit: it is the brand's, as what is typed there."""
        reddit = self.world.reddit.reddit
        known = {one.id for one in self.world.said}
        by_id = {one.id: one for one in self.world.people.said}
        for name in sorted(reddit.names() - known):
            thing = reddit[name]
            assert thing.author == BRAND
            to = by_id[thing.parent or thing.link]
            mark = f"k{90000 + len(self.world.ours)}"
            said = Said(name, "reddit", to.thread, BRAND, "answer", thing.at, mark, thing.text, to)
            said.to = to
            self.world.ours.append(said)

    def check(self, rows: Rows, found: Verdict) -> Counter[str]:
        """Each answer stands there once, or has an end that says that it does not. How many ended how."""
        ends: Counter[str] = Counter()
        written = rows.execute(WRITTEN).fetchall()
        for number, _, state, text, under in written:
            times = self._times(text)
            ends[state] += 1
            if times > 1:
                found.doubled.append(f"answer {number} stands there {times} times")
            if state == ReplyState.SENT and not times and not self._typed(under):
                found.lost.append(f"answer {number} is said to be posted, and is not there")
            if state == ReplyState.CANCELLED and times:
                found.wrong.append(f"answer {number} is said to be cancelled, and stands there")
            if state not in ENDS:
                found.lost.append(f"answer {number} is {state}, and nothing comes of it")
        texts = [one[3] for one in written]
        found.lost += [f"{text!r} was accepted" for text in self.accepted - set(texts)]
        found.doubled += [f"{text!r} was written twice" for text in texts if texts.count(text) > 1]
        return ends

    def _times(self, text: str) -> int:
        return sum(one.text == text for one in self.world.ours)

    def _typed(self, under: str) -> bool:
        """Somebody answered the same post in Reddit's own app: the program takes that for its own."""
        return any(
            one.to is not None and one.to.id == under
            for one in self.world.people.said
            if one.says == "answer"
        )
