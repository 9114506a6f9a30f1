import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))


@pytest.fixture(scope="session")
def tool():
    from guard_tool import Tool
    with Tool() as t:
        yield t


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    from shop import Shop
    return Shop(tmp_path_factory.mktemp("shop"))
