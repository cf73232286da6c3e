"""Turn other tools' time exports into workdays: hours per person, project and day."""
