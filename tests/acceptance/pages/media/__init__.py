"""The pages for pictures, sound and transforms, as people use them."""
