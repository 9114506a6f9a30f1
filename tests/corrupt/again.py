#!/usr/bin/env python3
"""One mutation of test_corrupt.py again, with all that is said about it: again.py SUBJECT NUMBER [--keep]. SUBJECT is a name of
subjects.NAMES or a piece of one. --keep leaves the damaged copy in build/corrupt."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import subjects  # noqa: E402
import test_corrupt as tc  # noqa: E402


def main():
    name, number = sys.argv[1], int(sys.argv[2])
    found = next(i for i, n in enumerate(subjects.NAMES) if name in n)
    everything = subjects.make()
    subject = everything[found]
    *_, (_, role, path, data) = (one for one in tc.plan(subject, number + 1))
    with tc.Server(subjects.MODEL) as server:
        mesh = tc.Mesh(server, everything)
        subject.put(path, data)
        print(role, path, len(subject.whole[path]), "bytes became", len(data))
        print(*mesh.judge(subject, role, path))
        print(*mesh.words)
        print("the oracle:", str(mesh.again(subject))[:2000])
        print(*server.words().splitlines()[-4:], sep="\n")
        mesh.close()
    if "--keep" not in sys.argv:
        subject.put(path, subject.whole[path])


if __name__ == "__main__":
    main()
