"""What is asked before something is sent: proposals, repairs, cards of later."""
