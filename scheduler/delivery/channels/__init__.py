"""Ways out of the house, one file each. Every one implements `scheduler.delivery.port.Channel`."""
