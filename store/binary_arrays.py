"""Arrays as PostgreSQL sends them in binary: whole columns, without a Python object per value."""

import numpy as np
import numpy.typing as npt


def elements(array: bytes | None, element: str) -> npt.NDArray[np.void]:
    """Read the values of ``array_send(array_agg(...))``: a header of five int32, then length and value of each; none is NULL."""
    record = np.dtype([("length", ">i4"), ("value", element)])
    found: npt.NDArray[np.void] = np.frombuffer(array or bytes(20), record, offset=20)["value"]
    return found
