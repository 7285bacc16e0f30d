"""The history's keeper: stores ended jobs in the database, and prunes old ones."""
