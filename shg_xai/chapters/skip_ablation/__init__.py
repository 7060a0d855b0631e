"""What do the skip connections carry?"""
