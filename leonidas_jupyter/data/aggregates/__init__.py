"""The proof that a query's result is made of aggregates, and the query whose rows may be shown.

A query is read by sqlglot into a small form: frames, equalities that join them, conditions that
each look at one column, keys that each come from one column, and arithmetic over known aggregates.
What does not fit is not proved. From that form, never from the query's own text, a second query is
written in which small groups do not exist: a group has ``k`` rows or more, and an aggregate stands
only where ``k`` rows or more went into it (and, under a condition of its own, as many did not).
Ordering and limits see only what is left. So what comes of it depends on no smaller group.

What this does not defend against: the comparison of several results, each of which is made of ``k``
rows or more (the sums of two groups that differ by one row tell that row); what is known already of
all but one of a group's rows; that ``k`` counts rows, which may be of one person; whether a query
failed, and how long it took.
"""

from leonidas_jupyter.data.aggregates.proof import Proved, prove

__all__ = ["Proved", "prove"]
