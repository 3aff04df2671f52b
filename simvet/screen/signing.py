"""Which assumptions a plan rests on, who owns them, and which nobody has signed."""

from __future__ import annotations

from dataclasses import dataclass

from simvet.edits import Identity, identity_of
from simvet.planning.answering import plan_scenario
from simvet.planning.plan import Plan, Signature
from simvet.sources import READ_USES
from simvet.tables import Row


@dataclass(frozen=True)
class Register:
    """The assumption register of a plan.

    Notes
    -----
    Shape: ``rows`` are all data that a run reads; ``assumed`` those of them that nobody published. Unit: each row's
    own. Errors: none. Source: the data and the plan's signatures.
    """

    rows: tuple[Row, ...]
    signatures: dict[Identity, Signature]

    @property
    def assumed(self) -> list[Row]:
        """Return the rows that are assumed."""
        return [row for row in self.rows if row.status == "assumed"]

    @property
    def unsigned(self) -> list[Row]:
        """Return the assumed rows that nobody has signed."""
        return [row for row in self.assumed if not self.is_signed(row)]

    def signature(self, row: Row) -> Signature | None:
        """Return the signature of a row, None where nobody owns it."""
        return self.signatures.get(identity_of(row))

    def is_signed(self, row: Row) -> bool:
        """Return whether somebody has put a name and a date to a row."""
        found = self.signature(row)
        return found is not None and bool(found.signed_on and found.signed_by)

    def by_place(self) -> dict[str, tuple[str, str, str]]:
        """Return owner, date and name of every row that has them, by the place where the row stands."""
        found: dict[str, tuple[str, str, str]] = {}
        for row in self.rows:
            signature = self.signature(row)
            if signature is not None:
                found[row.where] = (signature.owner, signature.signed_on, signature.signed_by)
        return found


def register_of(plan: Plan) -> Register:
    """Return the assumption register of a plan.

    Parameters
    ----------
    plan : Plan.

    Returns
    -------
    Register; rows that a run of the plan's region reads, its items and the national standards among them.

    Raises
    ------
    InputError : the plan is wrong.

    Notes
    -----
    Unit: each row's own. Source: the data of the region.
    """
    scenario = plan_scenario(plan)
    rows = tuple(row for held in scenario.rows.values() for row in held if row.use in READ_USES)
    return Register(rows, {signature.row: signature for signature in plan.signatures})
