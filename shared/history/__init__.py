"""History: every job that ended, in the database, with the sums that statistics are made of."""
