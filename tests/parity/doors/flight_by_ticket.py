"""The Flight SQL door when nothing is begun with its plan: every answer is run by its ticket. (`flight` reads what was begun.)"""
import flight

NAME = "flight, by ticket"
SETTINGS = {"kept-answers": 0}
SUITES = ["demo and lab"]
Refused, Door = flight.Refused, flight.Door
