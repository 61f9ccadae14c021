/* Keys and live lists: everything works without this file, too. */
