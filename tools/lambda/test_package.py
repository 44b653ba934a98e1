"""What packs functions: the same source into the same bytes, and it knows what a binary is for."""

import os
import tempfile
import unittest
from pathlib import Path

import package


def elf(machine: int) -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00" + machine.to_bytes(2, "little") + bytes(44)


class PackageTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.binary = self.folder / "silver"
        self.binary.write_bytes(elf(62))

    def packed(self) -> bytes:
        package.pack(self.binary, self.folder / "silver.zip")
        return (self.folder / "silver.zip").read_bytes()

    def test_the_same_source_is_packed_into_the_same_bytes(self) -> None:
        first = self.packed()
        os.utime(self.binary, (1, 1))
        self.binary.chmod(0o600)
        self.assertEqual(first, self.packed())
        self.binary.write_bytes(elf(62) + b"another")
        self.assertNotEqual(first, self.packed())

    def test_a_binary_says_what_it_is_for(self) -> None:
        for content, expected in [
            (elf(62), "x86_64"),
            (elf(183), "arm64"),
            (elf(243), "the processor 243"),
            (b"#!/bin/sh", "no Linux"),
        ]:
            self.binary.write_bytes(content)
            self.assertEqual(expected, package.architecture(self.binary))


if __name__ == "__main__":
    unittest.main()
