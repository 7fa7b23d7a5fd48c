"""Parts of this app's addresses."""


class TrackingNumberConverter:
    """EQU30001 in an address, 30001 in the view."""

    regex = r"EQU[0-9]{1,15}"

    def to_python(self, value: str) -> int:
        return int(value.removeprefix("EQU"))

    def to_url(self, value: int | str) -> str:
        """From the digits, or from the whole tracking number."""
        return f"EQU{str(value).removeprefix('EQU')}"
