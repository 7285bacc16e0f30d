"""Files that clients send and models make: bytes in a folder or in S3, rows in the database."""
