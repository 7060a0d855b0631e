"""Are persons whose cluster disagrees with a concept met worse, and does moving them help?"""
