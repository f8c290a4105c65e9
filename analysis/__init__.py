"""What saved runs mean: pandas in; tables, figures, sentences and verdicts out. Nothing here sends anything."""
