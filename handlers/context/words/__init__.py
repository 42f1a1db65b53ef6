"""The grammar of an order: signs and scripts, figures, the words with a meaning of their own, and the readings they leave."""
