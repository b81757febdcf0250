"""`make down`: stops everything that was started for this directory, whoever still watches over it."""

from dev import marks
from dev.configuration import read_configuration
from dev.running import Running
from dev.stack import NAMES
from dev.supervisor import SupervisorProcess


async def down() -> int:
    home = read_configuration().home
    if not marks.marked(home):
        print("Nothing runs.")
        return 0
    print("Stopping the platform.")
    # The supervisor first: it stops the others in order, and would bring them back.
    await SupervisorProcess(home, {}).stop()
    for name in reversed(NAMES):
        await Running(name, home).stop()
    for pid, mark in marks.marked(home).items():
        marks.kill(pid, mark)
    print("Everything is stopped; the data stays.")
    return 0
