"""How numbers, figures and persons are drawn, one way each."""
