"""What is read from tables, what is drawn of it, and what a user without rights is told: python3 -m unittest."""

import os
import subprocess
import unittest
from xml.etree import ElementTree

from plots import Bar, bars
from report import TITLES, draw
from tables import Cell, Tables

MOUNT = f"""
# What was measured

## {TITLES["mount"]}

| a mount over loopback, 256 MiB | p2pfs | sshfs | rclone | ext4 |
| --- | --- | --- | --- | --- |
| 4 KiB at random, median, ms | 0.18 | 0.08 (0.07 to 0.10) | 0.16 |  |
| the same, 99 of 100, ms | 9.87 | 0.16 | 137 |  |
| again, MB/s | 23994 (20000 to 24000) | 206 |  | 11208 |
| copied in, MB/s | | | | 1884 |
"""
HERE = os.path.dirname(os.path.abspath(__file__))


class ReportTests(unittest.TestCase):
    def test_a_cell_is_read_as_it_was_written(self):
        tables = Tables(MOUNT)
        self.assertEqual(
            tables.cell("a mount", "again, MB/s", "p2pfs"), Cell("23,994", 23994, 20000, 24000))
        self.assertEqual(tables.cell("a mount", "4 KiB", "sshfs"), Cell("0.08", 0.08, 0.07, 0.10))
        for row, column in (("again", "rclone"), ("copied in", "p2pfs"), ("again", "btfs"), ("never", "p2pfs")):
            self.assertIsNone(tables.cell("a mount", row, column))

    def test_pictures_are_well_formed_and_always_the_same(self):
        drawn = draw(MOUNT)
        self.assertEqual(drawn, draw(MOUNT))
        for svg in drawn.values():
            self.assertTrue(ElementTree.fromstring(svg).tag.endswith("svg"))
        texts = [part.text for part in ElementTree.fromstring(drawn["again"]).iter() if part.tag.endswith("text")]
        for words in ("p2pfs", "23,994", "sshfs", "206", "11,208"):
            self.assertIn(words, texts)

    def test_any_words_can_stand_in_a_picture(self):
        svg = bars('"a" & <b>', "s", [Bar("<i>", 1, "&1"), Bar("'", 0, "0", 0, 2, is_ours=True)])
        self.assertIn("<i>", [part.text for part in ElementTree.fromstring(svg).iter()])

    def test_what_was_not_measured_of_ours_is_not_drawn(self):
        self.assertEqual(set(draw(MOUNT)), {"again", "random"})
        self.assertEqual(draw(""), {})

    def test_without_root_it_says_so_and_begins_nothing(self):
        words = [f"{HERE}/../bench.sh", "--quick"]
        if os.getuid() == 0:
            words = ["unshare", "--user", *words]
            if subprocess.run(["unshare", "--user", "true"], capture_output=True).returncode != 0:
                self.skipTest("there are no user namespaces here")
        refused = subprocess.run(words, capture_output=True, text=True)
        self.assertEqual((refused.returncode, refused.stdout), (77, ""))
        self.assertIn("sudo", refused.stderr)


if __name__ == "__main__":
    unittest.main()
