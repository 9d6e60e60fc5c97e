"""Actions: commands carried out on lists, profile controls, trends and help texts, to facts."""
