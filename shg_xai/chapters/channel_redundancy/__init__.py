"""Which stages of a network carry more channels than PCK needs?"""

TITLE, ORDER = 'Where else is redundancy', 40
QUESTION, PLACE = 'Which stages have channels to spare?', 92
METHODS = {
    'Channel components': 'Principal components over channels, each position of each person a sample. Position by '
    'position a stage’s output is projected on the first of them, and the network goes on from it. Suggested is the '
    'smallest number whose loss of PCK is below the tolerance with confidence, for all stages at once, as is that of '
    'all larger ones tried; all channels, where none smaller is shown to be enough.'
}
