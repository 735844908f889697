"""castlist: learn who is who from folders of photos; name them in new ones."""
