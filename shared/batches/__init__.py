"""OpenAI's batches: files of requests that run as jobs when there is room."""
