"""What a person has watched: alerts on prices and on the day's result, watch lists, option chains."""
