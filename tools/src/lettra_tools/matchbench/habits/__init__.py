"""The habits of payers, by what they have in common. Each makes a payment up, and says what a careful clerk would post.

Where the line is drawn between certain and to be asked, in the cases in which one could differ:

- A payment that names **one** invoice and is short by more than a bank's fee is a part of that invoice, certainly:
  the debtor has said which debt he pays. One that names **several** and is short is asked about.
- A payment that names an invoice and is too much settles it; the rest stays on account.
- Number and amount that say different things (the amount is exactly another invoice's of the payer) are not made up
  as certain.
- A number of our own form that is nobody's open number contradicts whatever else fits: a mistyped number, and the
  number of an invoice that is paid already, are never posted on something else.
- A number and its exact amount are certain whoever pays. A number with another amount needs the payer as well.
- Without a number, the payer must be known by an account of the master data, a registration number, or a name that
  nobody else bears; and one reading of the amount must be left, in the widest view (see `ledger`).
- The month that a text names is the month of issue. Of equal invoices of which one alone is due, that one is meant.
- Half a number, cut by the bank, designates where what is left of the amount fits one open invoice that begins so.
"""
