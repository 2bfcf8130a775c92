"""`configure(ship=[...])`: packages that the workers do not have, or have in another version."""

from __future__ import annotations

from tests.distributed.elsewhere import START, package
from tests.scripts import output_of

INIT = "from shipme.work import Trouble, make\n"
WORK = """
    import shipme.tools
    from shipme.tools import Thing

    class Trouble(Exception):
        pass

    def make(x):
        if x == 90:
            raise Trouble(x)
        return shipme.tools.scale(Thing(x))
"""
TOOLS = """
    FACTOR = {factor}

    class Thing:
        def __init__(self, x):
            self.x = x

    def scale(thing):
        return Thing(FACTOR * thing.x)
"""
USE = """
sys.path.insert(0, {mine!r})
import shipme
from clustrix import configure, parallel

def find(x):
    import importlib.util
    return importlib.util.find_spec("shipme") is not None

print("there:", *set(parallel(find, executor=executor)(range(4))))
make = parallel(shipme.make, executor=executor)
{before}
with configure(ship=["shipme"]):
    made = make(range(20))
    kinds = {{type(one) for one in made}}
    print("ours:", sum(one.x for one in made), kinds == {{shipme.tools.Thing}})
    scaled = parallel(shipme.tools.scale, executor=executor)(made)
    print("again:", sum(one.x for one in scaled))
    try:
        make(range(100))
    except shipme.Trouble as error:
        print(error.args, error.__notes__)
"""
SAID = "(90,) ['clustrix: item 90 (x=90) of make()']\n"


def mine(folder):
    """The caller's package, where no worker looks."""
    tools = TOOLS.format(factor=10)
    return str(package(folder / "mine", "shipme", __init__=INIT, work=WORK, tools=tools))


def script(cluster, folder, there, before=""):
    """The program."""
    return START[cluster].format(there=str(there)) + USE.format(mine=mine(folder), before=before)


def test_a_package_that_workers_cannot_import(cluster, tmp_path):
    """Its functions, classes and errors travel, and come back as what they are here."""
    (tmp_path / "there").mkdir()
    (tmp_path / "program").mkdir()
    source = script(cluster, tmp_path, tmp_path / "there")
    said = output_of(source, tmp_path / "program")
    assert said == "there: False\nours: 1900 True\nagain: 19000\n" + SAID


def test_a_package_that_workers_have_in_another_version(cluster, tmp_path):
    """Without being shipped theirs would run; with it ours does."""
    tools = TOOLS.format(factor=2).replace("FACTOR * thing.x", "2 * thing.x")
    there = package(tmp_path / "there", "shipme", __init__=INIT, work=WORK, tools=tools)
    (tmp_path / "program").mkdir()
    before = 'print("theirs:", sum(one.x for one in make(range(20))))'
    said = output_of(script(cluster, tmp_path, there, before), tmp_path / "program")
    assert said == "there: True\ntheirs: 380\nours: 1900 True\nagain: 19000\n" + SAID


def test_the_environment_ships_too(cluster, tmp_path, monkeypatch):
    """The same program, unchanged."""
    tools = TOOLS.format(factor=2)
    there = package(tmp_path / "there", "shipme", __init__=INIT, work=WORK, tools=tools)
    (tmp_path / "program").mkdir()
    source = START[cluster].format(there=str(there)) + (
        f"sys.path.insert(0, {mine(tmp_path)!r})\n"
        "import shipme\n"
        "from clustrix import parallel\n"
        "print(sum(one.x for one in parallel(shipme.make, executor=executor)(range(20))))\n"
    )
    monkeypatch.setenv("CLUSTRIX_SHIP", "shipme")
    assert output_of(source, tmp_path / "program") == "1900\n"
