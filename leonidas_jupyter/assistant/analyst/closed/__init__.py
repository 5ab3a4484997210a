"""Questions that state the form of their answer (``@mean_fare[…]``), read and answered."""
