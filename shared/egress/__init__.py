"""The way out to providers: proxies, authorities, certificates of ours."""
