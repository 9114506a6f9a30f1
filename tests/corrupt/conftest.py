REPORT = []  # lines for the end, from the one mesh of the run


def pytest_terminal_summary(terminalreporter):
    for line in REPORT:
        terminalreporter.write_line(line)
