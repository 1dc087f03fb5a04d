"""Which pixels a painting tool means: superpixels, paths along edges, objects, clean-up."""
