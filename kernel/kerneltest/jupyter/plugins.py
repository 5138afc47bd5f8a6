"""What a client on real sockets sees of plugins: two that the test installs, toy and background."""

import os
import signal
import time
import unittest

from survival import PATIENCE, Kernel, alive, text


class PluginTests(unittest.TestCase):
    def setUp(self):
        self.kernel = Kernel()
        self.addCleanup(self.kernel.close)

    def run_ok(self, code):
        reply, published = self.kernel.run(code)
        self.assertEqual(reply["status"], "ok", reply)
        return published

    def run_until_text(self, code):
        """Starts a cell and returns its request when it has printed something."""
        request = self.kernel.client.execute(code)
        while True:
            message = self.kernel.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") == request and message["msg_type"] == "stream":
                return request

    def assertGone(self, pid):
        end = time.time() + PATIENCE
        while time.time() < end and alive(pid):
            time.sleep(0.05)
        self.assertFalse(alive(pid), f"process {pid} still runs")

    def test_displays_and_text_are_the_cells_own(self):
        published = self.run_ok("%draw")
        kinds = [kind for kind, _ in published if kind not in ("status", "execute_input")]
        self.assertEqual(kinds, ["stream", "display_data", "stream", "update_display_data"])
        shown, changed = (content for kind, content in published if kind.endswith("display_data"))
        self.assertEqual(shown["data"]["image/png"], "iVA=")
        self.assertEqual(shown["metadata"], {"image/png": {"width": 2}})
        self.assertEqual(changed["data"], {"text/plain": "two dots"})
        self.assertEqual(shown["transient"], changed["transient"])

    def test_killed_in_the_middle_of_a_cell(self):
        request = self.run_until_text("%wait")
        os.kill(self.kernel.await_descendants("headstart-toy"), signal.SIGKILL)
        reply, published = self.kernel.outcome(request)
        self.assertEqual(reply["status"], "error")
        self.assertIn("has ended in the middle of the cell (signal: killed)", reply["evalue"])
        self.assertEqual([kind for kind, _ in published if kind == "error"], ["error"])
        self.run_ok("%echo")

    def test_interrupt(self):
        request = self.run_until_text("%wait")
        self.kernel.control("interrupt_request")
        reply, published = self.kernel.outcome(request)
        self.assertEqual((reply["status"], reply["ename"]), ("error", "KeyboardInterrupt"))
        self.assertEqual(text(published), ", interrupted")
        self.run_ok("%echo")

    def test_magics_and_go_run_in_their_order(self):
        published = self.run_ok('%nest %echo inner\nvar x = "go"\n%%\nfmt.Println(x)\n%count\nfmt.Println(x)')
        lines = text(published).splitlines()
        self.assertIn('"Line":"inner"', lines[0])
        self.assertEqual([lines[1], lines[2][:6] + lines[2][-2:]], ["go", "call 1go"])

    def test_updates_go_on_after_the_cell(self):
        request = self.kernel.client.execute("%work 3s")
        reply, published = self.kernel.outcome(request)
        self.assertEqual(reply["status"], "ok")
        (shown,) = (content for kind, content in published if kind == "display_data")
        self.kernel.client.execute("%%\ntime.Sleep(2 * time.Second)")  # another cell runs meanwhile
        while True:
            message = self.kernel.client.get_iopub_msg(timeout=PATIENCE)
            if message["msg_type"] != "update_display_data":
                continue
            self.assertEqual(message["parent_header"]["msg_id"], request)
            self.assertEqual(message["content"]["transient"], shown["transient"])
            if message["content"]["data"] == {"text/plain": "finished"}:
                break

    def test_plugins_die_with_a_killed_kernel(self):
        self.run_ok("%echo")
        toy, idle = self.kernel.await_descendants("headstart-toy"), int(text(self.run_ok("%work 1ms")))
        os.kill(self.kernel.pid, signal.SIGKILL)
        self.assertGone(toy)
        self.assertGone(idle)

    def test_work_in_the_background_outlives_a_killed_kernel(self):
        worker = int(text(self.run_ok("%work 3s")))
        os.kill(self.kernel.pid, signal.SIGKILL)
        time.sleep(1)
        self.assertTrue(alive(worker))
        self.assertGone(worker)

    def test_state_survives_a_restart_of_the_kernel(self):
        before = text(self.run_ok("%work 1ms"))
        self.kernel.manager.restart_kernel()
        self.kernel.client.wait_for_ready(timeout=PATIENCE)
        self.kernel.pid = self.kernel.manager.provisioner.pid
        self.assertEqual(text(self.run_ok("%work 1ms")), before)
        self.kernel.client.shutdown()
        self.assertGone(int(before))


if __name__ == "__main__":
    unittest.main(verbosity=2)
