"""The Pusher Channels HTTP API as published: signing, bodies, limits and answers. Nothing here does I/O."""
