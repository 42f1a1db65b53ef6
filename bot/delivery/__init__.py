"""What goes out by itself: news, the living cards, and questions whose time is over."""
