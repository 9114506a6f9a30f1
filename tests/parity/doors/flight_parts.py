"""The Flight SQL door with several endpoints: every scan that may be cut is read in three parts, however small it is."""
import flight

NAME = "flight, several endpoints"
SETTINGS, FAULTS = {"endpoints": 3, "workers": 4}, ("cut-anywhere",)
SUITES = ["demo and lab"]
Refused, Door = flight.Refused, flight.Door
