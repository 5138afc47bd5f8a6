"""The 27 checks of runtimed/kernel-testbed, with cells of the kind that it gives to Go kernels: bare statements, and gonbui."""

import json
import queue
import time
import unittest
import uuid

import zmq
from jupyter_client import KernelManager

KERNEL = "headstart"
PATIENCE = 60  # seconds


class StockTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.manager = KernelManager(kernel_name=KERNEL)
        cls.manager.start_kernel()
        cls.client = cls.manager.client()
        cls.client.start_channels()
        cls.client.wait_for_ready(timeout=PATIENCE)

    @classmethod
    def tearDownClass(cls):
        cls.client.stop_channels()
        if cls.manager.is_alive():
            cls.manager.shutdown_kernel(now=True)

    def run_cell(self, code, answer=None, patience=PATIENCE):
        """Runs a cell and returns its reply and its messages on iopub."""
        request = self.client.execute(code, allow_stdin=answer is not None)
        if answer is not None:
            question = self.client.get_stdin_msg(timeout=patience)
            self.assertEqual(question["msg_type"], "input_request")
            self.client.input(answer)
        messages = []
        while True:
            message = self.client.get_iopub_msg(timeout=patience)
            if message["parent_header"].get("msg_id") != request:
                continue
            messages.append(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
        return self.reply(request), messages

    def reply(self, request, channel="shell"):
        while True:
            message = getattr(self.client, f"get_{channel}_msg")(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") == request:
                return message

    def ask(self, kind, content, channel="shell"):
        message = self.client.session.msg(kind, content)
        getattr(self.client, f"{channel}_channel").send(message)
        return self.reply(message["header"]["msg_id"], channel)["content"]

    def kinds(self, messages):
        return [message["msg_type"] for message in messages]

    def text(self, messages, stream):
        return "".join(m["content"]["text"] for m in messages if m["msg_type"] == "stream" and m["content"]["name"] == stream)

    def test_heartbeat(self):
        with zmq.Context() as context, context.socket(zmq.REQ) as beat:
            beat.linger, beat.rcvtimeo = 0, PATIENCE * 1000
            beat.connect(self.client.hb_channel.address)
            beat.send(b"ping")
            self.assertEqual(beat.recv(), b"ping")

    def test_iopub_welcome(self):
        info = self.manager.get_connection_info()
        with zmq.Context() as context, context.socket(zmq.SUB) as iopub:
            iopub.linger, iopub.rcvtimeo = 0, PATIENCE * 1000
            iopub.connect(f"tcp://{info['ip']}:{info['iopub_port']}")
            iopub.subscribe(b"")
            while True:
                frames = iopub.recv_multipart()  # the client's session would take the message for a replay of its own
                header = json.loads(frames[frames.index(b"<IDS|MSG>") + 2])
                if header["msg_type"] == "iopub_welcome":
                    return

    def test_kernel_info(self):
        info = self.ask("kernel_info_request", {})
        self.assertEqual(info["status"], "ok")
        self.assertEqual(info["language_info"]["name"], "go")
        self.assertRegex(info["protocol_version"], r"^5\.\d")

    def test_stdout(self):
        _, messages = self.run_cell('fmt.Println("from a statement")')
        self.assertEqual(self.text(messages, "stdout"), "from a statement\n")

    def test_stderr(self):
        _, messages = self.run_cell('fmt.Fprint(os.Stderr, "to standard error")')
        self.assertEqual(self.text(messages, "stderr"), "to standard error")

    def test_reply_busy_idle_and_input(self):
        reply, messages = self.run_cell("stock := 7")
        self.assertEqual(reply["content"]["status"], "ok")
        states = [m["content"]["execution_state"] for m in messages if m["msg_type"] == "status"]
        self.assertEqual(states, ["busy", "idle"])
        self.assertEqual([m["content"]["code"] for m in messages if m["msg_type"] == "execute_input"], ["stock := 7"])

    def test_completion_knows_the_variable(self):
        self.run_cell("aVariableOfStatements := 40")
        answer = self.ask("complete_request", {"code": "aVariableOf", "cursor_pos": 11})
        self.assertEqual(answer["status"], "ok")
        self.assertIn("aVariableOfStatements", answer["matches"])

    def test_inspection_shows_the_value(self):
        self.run_cell("anInspectedVariable := []int{3, 4}")
        answer = self.ask("inspect_request", {"code": "anInspectedVariable", "cursor_pos": 19, "detail_level": 0})
        self.assertTrue(answer["status"] == "ok" and answer["found"])
        self.assertIn("[3 4]", answer["data"]["text/plain"])

    def test_is_complete(self):
        self.assertEqual(self.ask("is_complete_request", {"code": "n := 1"})["status"], "complete")
        self.assertEqual(self.ask("is_complete_request", {"code": "func open("})["status"], "incomplete")

    def test_history(self):
        self.run_cell("past := 1")
        answer = self.ask("history_request", {"hist_access_type": "tail", "n": 50, "raw": True, "output": False})
        self.assertIn("past := 1", [entry[2] for entry in answer["history"]])

    def test_comm_info(self):
        answer = self.ask("comm_info_request", {})
        self.assertEqual(answer["status"], "ok")
        self.assertIsInstance(answer["comms"], dict)

    def test_error(self):
        for code in ("func func", "stock := := 1", "noSuchName()"):
            reply, messages = self.run_cell(code)
            self.assertEqual(reply["content"]["status"], "error")
            self.assertIn("error", self.kinds(messages))

    def test_display_data(self):
        _, messages = self.run_cell('import "github.com/janpfeifer/gonb/gonbui"\ngonbui.DisplayHTML("<i>slanted</i>")')
        self.assertIn("<i>slanted</i>", [m["content"]["data"].get("text/html") for m in messages if m["msg_type"] == "display_data"])

    def test_update_display_data(self):
        _, messages = self.run_cell(
            'import "github.com/janpfeifer/gonb/gonbui"\nplace := gonbui.UniqueID()\n'
            'gonbui.UpdateHTML(place, "<i>one</i>")\ngonbui.UpdateHTML(place, "<i>two</i>")'
        )
        kinds = self.kinds(messages)
        self.assertIn("display_data", kinds)
        self.assertIn("update_display_data", kinds)

    def test_execute_result(self):
        _, messages = self.run_cell("20 + 1")
        self.assertEqual([m["content"]["data"]["text/plain"] for m in messages if m["msg_type"] == "execute_result"], ["21"])

    def test_rich_execute_result(self):
        _, messages = self.run_cell('map[string]int{"a": 1}')
        [result] = [m for m in messages if m["msg_type"] == "execute_result"]
        self.assertIn("<table", result["content"]["data"]["text/html"])

    def test_stdin(self):
        reply, messages = self.run_cell(
            'import "github.com/janpfeifer/gonb/gonbui"\ngonbui.RequestInput("Name: ", false)\n'
            "line, _ := bufio.NewReader(os.Stdin).ReadString('\\n')\nfmt.Print(line)",
            answer='"an answer"',
        )
        self.assertEqual(reply["content"]["status"], "ok")
        self.assertEqual(self.text(messages, "stdout"), '"an answer"\n')

    def test_stdin_of_a_program_that_does_not_wait(self):
        """The question is asked, and the cell ends when it is answered, though its program has ended before."""
        for _ in range(3):
            reply, messages = self.run_cell('import "github.com/janpfeifer/gonb/gonbui"\ngonbui.RequestInput("Enter: ", false)', answer='"an answer"')
            self.assertEqual(reply["content"]["status"], "ok")
        with self.assertRaises(queue.Empty):
            self.client.get_stdin_msg(timeout=0.5)

    def test_comms(self):
        comm = uuid.uuid4().hex
        message = self.client.session.msg("comm_open", {"comm_id": comm, "target_name": "a.target.nobody.has", "data": {}})
        self.client.shell_channel.send(message)
        while True:
            answer = self.client.get_iopub_msg(timeout=PATIENCE)
            if answer["msg_type"] == "comm_close" and answer["content"]["comm_id"] == comm:
                break
        self.assertEqual(self.run_cell("1 + 1")[0]["content"]["status"], "ok")

    def test_interrupt(self):
        self.assertEqual(self.ask("interrupt_request", {}, "control")["status"], "ok")
        request = self.client.execute("time.Sleep(time.Hour)")
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") == request and message["msg_type"] == "execute_input":
                break
        self.assertEqual(self.ask("interrupt_request", {}, "control")["status"], "ok")
        self.assertEqual(self.reply(request)["content"]["status"], "error")

    def test_counts_and_parents(self):
        first, messages = self.run_cell("counted := 1")
        second, more = self.run_cell("counted := 2")
        self.assertEqual(second["content"]["execution_count"], first["content"]["execution_count"] + 1)
        for reply, list_of in ((first, messages), (second, more)):
            for message in list_of:
                self.assertEqual(message["parent_header"]["msg_id"], reply["parent_header"]["msg_id"])

    def test_zz_shutdown(self):
        """The last by its name: nothing works after it."""
        self.assertEqual(self.ask("shutdown_request", {"restart": False}, "control")["status"], "ok")
        for _ in range(PATIENCE * 10):
            if not self.manager.is_alive():
                return
            time.sleep(0.1)
        self.fail("the kernel does not end")


if __name__ == "__main__":
    unittest.main(verbosity=2)
