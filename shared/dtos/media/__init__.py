"""DTOs of files and what is made of them: pictures, sound, transforms, batches."""
