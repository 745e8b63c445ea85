"""The commands of `lava-sfdfa`, a file each or a few that belong together."""
