"""Rooms: pure steps. No clock, file, socket or model of their own."""
