"""wiretax beside its peers, in one run."""
