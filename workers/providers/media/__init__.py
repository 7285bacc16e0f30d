"""Pictures and sound, as the APIs of providers take and give them."""
