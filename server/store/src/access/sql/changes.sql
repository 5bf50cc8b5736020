SELECT number FROM access_change
