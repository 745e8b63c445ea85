"""The compiler and the runner for boards, imported as `lava_sfdfa.deploy`."""
