"""Many ways out under one Confirm: lists of exits, panic, turning a position over."""
