"""The endpoint: a Pusher-compatible server that checks what the service checks, and counts every byte."""
