"""Time exports of other tools into workdays: hours per person, project and day."""
