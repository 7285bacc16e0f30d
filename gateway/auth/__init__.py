"""Who calls: by key or by session, and what that key may do."""
