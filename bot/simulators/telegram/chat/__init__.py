"""What is said in the chats: messages, their texts and buttons, updates, and who watches."""
