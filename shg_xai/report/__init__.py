"""From results to figures and pages. Computes no analysis and imports neither torch nor MMPose."""
