"""Here, and not in sim_tests/, so that `pytest --target board` finds its option."""


def pytest_addoption(parser):
    """Where the tests run: on the simulator, or those of sim_tests/hardware."""
    parser.addoption("--target", choices=("sim", "board"), default="sim")
