"""Optional language model: chooses among commands and rewords answers, over HTTP."""
