"""How long jobs with pictures take beyond what their provider takes."""
