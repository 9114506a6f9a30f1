"""The meshes of the tests and the passwords of their people: NAME-SUFFIX."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "data"))
sys.path.insert(0, str(ROOT / "demo"))


def tpch(scale=0.01):
    out = ROOT / "build" / "tpch" / f"sf{scale:g}"
    subprocess.run([sys.executable, str(ROOT / "tests" / "data" / "tpch.py"), "--scale", str(scale)], check=True)
    return out


def lineitem(scale):
    out = ROOT / "build" / "tpch" / f"lineitem-sf{scale:g}"
    subprocess.run([sys.executable, str(ROOT / "tests" / "data" / "lineitem.py"), "--scale", str(scale)], check=True)
    return out


def demo():
    subprocess.run([sys.executable, str(ROOT / "demo" / "generate.py")], check=True)
    return ROOT / "build" / "demo"
