"""Which layers carry more channels than PCK needs?"""
