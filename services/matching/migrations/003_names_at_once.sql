-- Every batch searches these indexes for thousands of names. With GIN's list of pending entries each of these searches
-- would read the whole list; without it an insert pays for its own entry.
alter index open_items_names set (fastupdate = off);
alter index payments_waiting_for set (fastupdate = off);
