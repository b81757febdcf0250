"""Who plays in the matrix."""

from dataclasses import dataclass

from tests.e2e.rest import Client, Person


@dataclass(frozen=True)
class People:
    """Ada owns what there is, Bob is assigned to her tasks, Eve has nothing to do with them."""

    visitor: Client
    ada: Person
    bob: Person
    eve: Person
