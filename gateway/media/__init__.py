"""Images, speech, transcripts and transforms: OpenAI's calls and AI Server's."""
