"""Receipts are part of an answer: checked when its model has ended, kept, and told to the user."""

import asyncio

from leonidas_jupyter.assistant.receipts import note
from tests.chat.world import call, returned, world

QUERY = '{"sql": "select region, sum(amount) as total from sales group by 1 order by 1"}'


def saying(text):
    async def stream(messages, info):
        if not returned(messages):
            yield call("query", QUERY)
        else:
            yield text

    return stream


def answered(text, question="what are the totals?"):
    async def main():
        async with world(saying(text)) as w:
            session = await w.session()
            answer = await w.ask(session, question)
            (_, stored) = await w.said(session)
            assert stored.content == answer.message.content
            return (await w.repository.message(session, stored.message_id)), answer.message

    return asyncio.run(main())


def test_a_number_that_no_tool_gave_is_said_so_below_the_answer():
    stored, shown = answered("North has 4, south 2: 6 in all. The margin is 42.7 %.")
    said = "North has 4, south 2: 6 in all. The margin is 42.7 %."
    assert shown.content.startswith(said)
    assert shown.content.endswith(note(stored.receipts))
    assert "42.7 %" in shown.content[len(said) :]
    (unmatched,) = stored.receipts.unmatched
    assert shown.content[unmatched.start : unmatched.end] == unmatched.text == "42.7 %"
    assert ("6", "4 + 2 = 6") in [(each.text, each.formula) for each in stored.receipts.derived]


def test_an_answer_whose_numbers_are_all_backed_has_no_note():
    stored, shown = answered("North has 4, south 2, among those above 1.", "who is above 1?")
    assert shown.content == "North has 4, south 2, among those above 1."
    assert stored.receipts.unmatched == []
    assert stored.receipts.checked == 2
