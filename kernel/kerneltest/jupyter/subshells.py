"""Subshells over real sockets, as ipykernel's own tests use them, and what the kernel takes."""

import sys
import unittest

from jupyter_client.manager import KernelManager

KERNEL = "headstart"
PATIENCE = 120  # seconds


class SubshellTests(unittest.TestCase):
    def setUp(self):
        self.manager = KernelManager(kernel_name=KERNEL)
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.addCleanup(self.manager.shutdown_kernel, now=False)
        self.addCleanup(self.client.stop_channels)

    def control(self, kind, **content):
        message = self.client.session.msg(kind, content)
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=PATIENCE)
            if reply["parent_header"]["msg_id"] == message["header"]["msg_id"]:
                return reply["content"]

    def send(self, subshell, code):
        message = self.client.session.msg("execute_request", {"code": code, "silent": False, "store_history": True, "stop_on_error": True})
        message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def replies(self, *ids):
        """The replies to requests, in the order in which they come."""
        found = []
        while len(found) < len(ids):
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"]["msg_id"] in ids:
                found.append(reply)
        return found

    def test_life(self):
        self.assertIn("kernel subshells", self.client.kernel_info(reply=True, timeout=PATIENCE)["content"]["supported_features"])
        self.assertEqual(self.control("list_subshell_request")["subshell_id"], [])
        subshell = self.control("create_subshell_request")["subshell_id"]
        self.assertEqual(self.control("list_subshell_request")["subshell_id"], [subshell])
        self.assertEqual(self.control("delete_subshell_request", subshell_id=subshell)["status"], "ok")
        self.assertEqual(self.control("list_subshell_request")["subshell_id"], [])
        reply, = self.replies(self.send(subshell, "%help"))
        self.assertEqual((reply["content"]["status"], reply["content"]["ename"]), ("error", "UnknownSubshellError"))

    def test_a_look_beside_a_go_cell(self):
        subshell = self.control("create_subshell_request")["subshell_id"]
        main = self.send(None, 'fmt.Println("begun")\ntime.Sleep(5 * time.Second)')
        while self.client.get_iopub_msg(timeout=PATIENCE)["content"].get("text") != "begun\n":
            pass
        look = self.send(subshell, "%vars")
        second = self.send(subshell, "answer := 42")
        first = self.replies(look)[0]
        self.assertEqual((first["parent_header"]["subshell_id"], first["content"]["status"]), (subshell, "ok"))
        order = [reply["parent_header"]["msg_id"] for reply in self.replies(main, second)]
        self.assertEqual(order, [main, second])  # one Go cell at a time
        reply, = self.replies(self.send(None, "answer"))
        self.assertEqual(reply["content"]["status"], "ok")  # both shells have the same variables

    def test_no_request_is_lost(self):
        """Replies of several shells go out by the socket on which requests come in."""
        shells = [None] + [self.control("create_subshell_request")["subshell_id"] for _ in range(3)]
        for _ in range(20):
            sent = [self.send(shell, "%plugins > /dev/null") for shell in shells for _ in range(5)]
            self.assertEqual({reply["content"]["status"] for reply in self.replies(*sent)}, {"ok"})
        for shell in shells[1:]:
            self.control("delete_subshell_request", subshell_id=shell)

    def test_usage(self):
        before = self.control("usage_request")
        self.assertEqual(before["pid"], self.manager.provisioner.pid)
        self.assertGreater(before["kernel_memory"], 2**20)
        self.replies(self.send(None, "n := 0\nfor begun := time.Now(); time.Since(begun) < time.Second; n++ {\n}"))
        after = self.control("usage_request")
        self.assertGreater(after["kernel_cpu"], 0)
        self.assertGreater(after["host_virtual_memory"]["total"], after["kernel_memory"])
        memory = {process["name"]: process["memory"] for process in after["processes"]}
        self.assertGreaterEqual(memory.keys(), {"headstart", "gonb"})
        self.assertGreaterEqual(after["kernel_memory"], memory["headstart"] + memory["gonb"])


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=sys.argv)
