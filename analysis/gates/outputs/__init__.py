"""A gate's result for people and programs: terminal, gate.json, junit.xml, summary.md, GitHub annotations."""
