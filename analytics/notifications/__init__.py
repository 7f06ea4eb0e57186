"""Messages to people about alarms: by e-mail, to chat robots, to other programs."""
