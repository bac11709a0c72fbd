"""The only floor that draws: a Dataset and Axes in, the Axes out. It knows no solver."""
