"""Short histories that a person can read, one for each trap: `*.txt`.

A line that starts at the margin is something that happens (`tests.simulation.script` says what can), an indented one
is what is seen of it then, and one that starts with `#` explains. The first of them describes the world. They are
checked by `test_scenarios`, with all invariants of the simulation after every line; `python -m tests.scenarios
--regenerate` writes down what is seen now, to be looked at in the difference.
"""
