"""What stands for the outside world on this machine: all that a simulated Telegram and a simulated broker have in common."""
