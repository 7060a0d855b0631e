"""Who is met on a walk along a principal component?"""
