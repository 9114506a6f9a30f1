#!/usr/bin/env python3
"""Asks the demo server the same thing as three people, through a stock Flight SQL driver, and prints what each gets.

    build/venv/bin/python demo/show.py --uri grpc+tcp://127.0.0.1:PORT
"""
import argparse
import datetime as dt
import sys

import adbc_driver_flightsql.dbapi as flightsql
from adbc_driver_manager import Error

PEOPLE = [
    ("ana", "ana-demo", "an analyst for the EU"),
    ("fred", "fred-demo", "who looks into fraud"),
    ("sue", "sue-demo", "of the support desk in the US"),
]
QUERY = """\
select o.*, c.name, c.email
from sales.orders o join sales.customers c on c.id = o.customer_id
where o.status = 'disputed'
order by o.id limit 6"""
COUNT = "select count(*) from sales.orders"


def cell(value):
    if value is None:
        return "-"
    if isinstance(value, dt.datetime):
        return value.strftime("%m-%d %H:%M")
    text = str(value)
    return text if len(text) <= 26 else text[:25] + "…"


def show(names, rows):
    lines = [names] + [[cell(value) for value in row] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(names))]
    for number, line in enumerate(lines):
        print("  " + "  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uri", required=True, help="grpc+tcp://HOST:PORT, or grpc+tls://HOST:PORT")
    parser.add_argument("--root-certificate", help="PEM file, for a server with a certificate of your own")
    arguments = parser.parse_args()

    options = {}
    if arguments.root_certificate:
        with open(arguments.root_certificate, encoding="ascii") as file:
            options["adbc.flight.sql.client_option.tls_root_certs"] = file.read()
    answers = []
    for name, password, _ in PEOPLE:
        try:
            with flightsql.connect(arguments.uri, db_kwargs={"username": name, "password": password, **options}) as connection:
                with connection.cursor() as cursor:
                    cursor.execute(QUERY)
                    table = cursor.fetch_arrow_table()
                    cursor.execute(COUNT)
                    total = cursor.fetchone()[0]
        except Error as error:
            sys.exit(f"{name} got no answer from {arguments.uri}: {error}")
        answers.append((table.column_names, list(zip(*(column.to_pylist() for column in table.columns))), total))

    for (name, _, what), (names, rows, total) in zip(PEOPLE, answers):
        print(f"\n{name}, {what}; sees {total} orders")
        show(names, rows)
    print("\nAll three asked:\n")
    print("\n".join("  " + line for line in QUERY.splitlines()))


if __name__ == "__main__":
    main()
