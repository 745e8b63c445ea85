"""Files in HDF5 that come from others."""

import subprocess
import sys
from pathlib import Path

from lava_sfdfa.errors import InputError

LOOK = Path(__file__).with_name("hdf5_look.py")


def check_hdf5(path: Path, wanted: str) -> None:
    """Refuse a file that the HDF5 library cannot read, or would read for ever.

    wanted: what it should be, for the message. Errors: InputError.
    """
    look = [sys.executable, str(LOOK), str(path)]
    done = subprocess.run(look, capture_output=True, check=False)
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        reason = words[-1] if words else "the HDF5 library does not get through it"
        raise InputError(f"{path}: cannot be read as {wanted} ({reason})")
