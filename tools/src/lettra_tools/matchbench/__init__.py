"""A labelled benchmark for matching: payments with the habits of many payers and banks, and what settles what.

`generating` makes a folder of customers, open items, bank statements and the truth from a seed; `scoring` counts how
much of the truth a list of allocations found, and how much of it is wrong. Neither knows anything of how matching is
done, and nothing here may be written from the engine's rules: a benchmark by the author of the rules proves only that
he agrees with himself.

**What its figures are worth.** They compare: one version of the rules with the next, one habit with another, one
threshold with a stricter one; and each case is a promise that a regression will be seen. A wrong one among the applied
is a real bug, because a careful clerk would not have posted it.

**What they are not worth.** They do not say what share a company's own bank lines will reach. The mix of the habits is
guessed and not measured, each habit is cleaner than life (one at a time, amounts drawn at random and so rarely alike,
names that are invented and so rarely near), nobody's master data are as tidy, and what nobody thought of is not here.
The truth is what its author holds a careful clerk to be certain of; in the borderline cases (see `habits`) others
would draw the line elsewhere. A share that was tuned on one mix is an upper bound: so there are two, `open` to tune on
and `sealed`, with other weights and habits of its own, to be run for the published figure only.
"""
