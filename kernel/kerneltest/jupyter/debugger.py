"""Debugging Go cells, as JupyterLab's debugger asks for it."""

import queue
import sys
import time
import unittest

from jupyter_client.manager import KernelManager

KERNEL = "headstart"
PATIENCE = 120  # seconds; what must happen, on a machine that is busy

TWICE = """// twice doubles.
func twice(n int) int {
\tresult := n * 2
\treturn result
}"""
CELL = """x := 20
y := twice(x)
for i := range 3 {
\tfmt.Println(i, y)
}
z := x + y"""


class Client:
    """A front end with a debugger."""

    def __init__(self):
        self.manager = KernelManager(kernel_name=KERNEL)
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.sequence = 0
        self.events = []
        self.text = ""
        self.errors = []

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=False)

    def note(self, message):
        content = message["content"]
        if message["msg_type"] == "debug_event":
            self.events.append(content)
        elif message["msg_type"] == "stream":
            self.text += content["text"]
        elif message["msg_type"] == "error":
            self.errors.append(content)

    def debug(self, command, **arguments):
        self.sequence += 1
        content = {"type": "request", "seq": self.sequence, "command": command, "arguments": arguments}
        message = self.client.session.msg("debug_request", content)
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=PATIENCE)
            if reply["parent_header"]["msg_id"] == message["header"]["msg_id"]:
                break
        answer = reply["content"]
        assert (answer["type"], answer["request_seq"], answer["command"]) == ("response", self.sequence, command), answer
        return answer

    def body(self, command, **arguments):
        answer = self.debug(command, **arguments)
        assert answer["success"], answer
        return answer["body"]

    def event(self, name):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for event in self.events:
                if event["event"] == name:
                    self.events.remove(event)
                    return event["body"] if "body" in event else {}
            try:
                self.note(self.client.get_iopub_msg(timeout=1))
            except queue.Empty:
                pass
        raise AssertionError(f"no event {name}; there are {self.events}")

    def run(self, code):
        return self.client.execute(code)

    def end(self, cell):
        """The reply of a cell, when all its output has come."""
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"]["msg_id"] == cell:
                break
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            self.note(message)
            if message["parent_header"].get("msg_id") == cell and message["content"].get("execution_state") == "idle":
                return reply["content"]

    def start(self):
        self.body("initialize", clientID="test", adapterID=KERNEL)
        self.body("attach")
        self.event("initialized")

    def breakpoints(self, code, *breakpoints):
        path = self.body("dumpCell", code=code)["sourcePath"]
        answer = self.body("setBreakpoints", source={"path": path}, breakpoints=list(breakpoints), sourceModified=False)
        assert len(answer["breakpoints"]) == len(breakpoints), answer
        return path

    def stopped(self):
        """The thread that has stopped, with its frames: function, file, line."""
        thread = self.event("stopped")["threadId"]
        frames = self.body("stackTrace", threadId=thread)["stackFrames"]
        return thread, frames, [(frame["name"], frame["source"]["path"], frame["line"]) for frame in frames]

    def locals(self, frame):
        """The variables of all scopes."""
        found = {}
        for scope in self.body("scopes", frameId=frame["id"])["scopes"]:
            for variable in self.body("variables", variablesReference=scope["variablesReference"])["variables"]:
                found[variable["name"]] = variable["value"]
        return found


class DebuggerTests(unittest.TestCase):
    def setUp(self):
        self.kernel = Client()
        self.addCleanup(self.kernel.close)

    def ok(self, cell):
        reply = self.kernel.end(cell)
        self.assertEqual(reply["status"], "ok", reply)

    def test_breakpoints_steps_and_variables(self):
        kernel = self.kernel
        self.assertTrue(kernel.client.kernel_info(reply=True, timeout=PATIENCE)["content"]["debugger"])
        self.ok(kernel.run(TWICE))
        self.assertFalse(kernel.body("debugInfo")["isStarted"])
        kernel.start()
        info = kernel.body("debugInfo")
        self.assertEqual((info["isStarted"], info["hashMethod"], info["stoppedThreads"]), (True, "Murmur2", []))
        function = kernel.breakpoints(TWICE, {"line": 4})
        cell = kernel.breakpoints(CELL, {"line": 4, "condition": "i == 1"})
        self.assertTrue(function.startswith(info["tmpFilePrefix"]) and function.endswith(info["tmpFileSuffix"]))

        running = kernel.run(CELL)
        thread, frames, places = kernel.stopped()
        self.assertEqual(places, [("main.twice", function, 4), ("main.main", cell, 2)])
        self.assertEqual(kernel.body("debugInfo")["stoppedThreads"], [thread])
        found = kernel.locals(frames[0])
        self.assertEqual({name: found[name] for name in ("n", "result", "x")}, {"n": "20", "result": "40", "x": "20"})
        self.assertEqual(kernel.body("evaluate", expression="n + 1", frameId=frames[0]["id"], context="repl")["result"], "21")
        self.assertEqual(kernel.body("richInspectVariables", variableName="result", frameId=frames[0]["id"])["data"], {"text/plain": "40"})
        self.assertIn("func twice", kernel.body("source", source={"path": function})["content"])

        kernel.debug("stepOut", threadId=thread)
        thread, _, places = kernel.stopped()
        self.assertEqual(places, [("main.main", cell, 2)])
        kernel.debug("next", threadId=thread)
        thread, frames, places = kernel.stopped()
        self.assertEqual(places, [("main.main", cell, 3)])
        scopes = [scope["name"] for scope in kernel.body("scopes", frameId=frames[0]["id"])["scopes"]]
        self.assertEqual(scopes, ["Cells", "Locals"])  # front ends show the first
        kernel.debug("continue", threadId=thread)
        thread, frames, places = kernel.stopped()
        self.assertEqual(places, [("main.main", cell, 4)])
        self.assertEqual(kernel.locals(frames[0])["i"], "1")
        kernel.debug("continue", threadId=thread)
        self.ok(running)
        self.assertEqual(kernel.text, "0 40\n1 40\n2 40\n")

        self.assertEqual(kernel.body("stackTrace", threadId=thread)["stackFrames"], [])
        variables = {v["name"]: v["value"] for v in kernel.body("inspectVariables")["variables"]}
        self.assertEqual(variables, {"x": "20", "y": "40", "z": "60"})

        kernel.body("disconnect", restart=False, terminateDebuggee=False)
        kernel.event("terminated")
        kernel.text = ""
        self.ok(kernel.run(CELL))
        self.assertEqual(kernel.text, "0 40\n1 40\n2 40\n")

    def test_step_in_and_pause(self):
        kernel = self.kernel
        self.ok(kernel.run(TWICE))
        kernel.start()
        code = "%help > /dev/null\nfirst := 1\nsecond := twice(first)\nfmt.Println(second)"
        cell = kernel.breakpoints(code, {"line": 3})
        running = kernel.run(code)
        thread, _, places = kernel.stopped()
        self.assertEqual(places, [("main.main", cell, 3)])
        kernel.debug("stepIn", threadId=thread)
        thread, _, places = kernel.stopped()
        self.assertEqual(places[0][0], "main.twice")
        kernel.debug("continue", threadId=thread)
        self.ok(running)
        running = kernel.run("fmt.Println(\"begun\")\nfor n := 0; ; n++ {\n\ttime.Sleep(time.Millisecond)\n}")
        while "begun" not in kernel.text:
            kernel.note(kernel.client.get_iopub_msg(timeout=PATIENCE))
        kernel.body("pause", threadId=1)
        _, _, places = kernel.stopped()
        self.assertIn("main.main", [function for function, _, _ in places])
        kernel.client.control_channel.send(kernel.client.session.msg("interrupt_request"))
        reply = kernel.end(running)
        self.assertEqual(reply.get("ename"), "KeyboardInterrupt", reply)
        self.assertEqual(kernel.body("debugInfo")["stoppedThreads"], [])
        self.ok(kernel.run("second"))

    def test_a_panic_stops_and_names_the_line(self):
        kernel = self.kernel
        kernel.start()
        code = "numbers := map[string]int(nil)\nnumbers[\"a\"] = 1"
        running = kernel.run(code)
        thread, _, places = kernel.stopped()
        self.assertEqual((places[0][0], places[0][2]), ("main.main", 2))
        self.assertIn("nil map", kernel.body("exceptionInfo", threadId=thread)["description"])
        kernel.debug("continue", threadId=thread)
        reply = kernel.end(running)
        self.assertEqual((reply["status"], reply["ename"]), ("error", "panic"))
        self.assertIn("In[1], line 2", "".join(kernel.errors[0]["traceback"]))

    def test_tests(self):
        kernel = self.kernel
        self.ok(kernel.run(TWICE))
        kernel.start()
        function = kernel.breakpoints(TWICE, {"line": 4})
        code = "%test\nfunc TestTwice(t *testing.T) {\n\tif got := twice(4); got != 8 {\n\t\tt.Error(got)\n\t}\n}"
        cell = kernel.breakpoints(code, {"line": 3})
        running = kernel.run(code)
        thread, _, places = kernel.stopped()
        self.assertEqual(places, [("main.TestTwice", cell, 3)])
        kernel.debug("continue", threadId=thread)
        thread, frames, places = kernel.stopped()
        self.assertEqual(places, [("main.twice", function, 4), ("main.TestTwice", cell, 3)])
        self.assertEqual(kernel.locals(frames[0])["result"], "8")
        kernel.debug("continue", threadId=thread)
        self.ok(running)
        self.assertIn("--- PASS: TestTwice", kernel.text)

        code = "%test\nfunc TestPanic(t *testing.T) {\n\tvar numbers []int\n\tnumbers[twice(1)]++\n}"
        cell = kernel.breakpoints(code)
        kernel.breakpoints(TWICE)
        running = kernel.run(code)
        thread, _, places = kernel.stopped()
        self.assertEqual(places[0], ("main.TestPanic", cell, 4))
        kernel.debug("continue", threadId=thread)
        reply = kernel.end(running)
        self.assertEqual(reply["status"], "error")
        self.assertIn("line 4", "".join(kernel.errors[0]["traceback"]))

        reply = kernel.end(kernel.run("%test\nfunc TestWrong(t *testing.T) {\n\tvar x string = 1\n}"))
        self.assertEqual(reply["status"], "error")
        self.assertIn("line 3", "".join(kernel.errors[-1]["traceback"]))

    def test_breakpoints_that_do_not_stop_say_so(self):
        kernel = self.kernel
        self.ok(kernel.run(TWICE))
        kernel.start()
        kernel.breakpoints(TWICE, {"line": 4})  # a cell that the program does not use
        code = "// words\nfor i := range 2 {\n\tfmt.Println(i)\n}"
        kernel.breakpoints(code, {"line": 1}, {"line": 3, "condition": "i =="})
        self.ok(kernel.run(code))
        self.assertIn("The breakpoint on line 1 stops nowhere: the program of the cell has no code there.\n", kernel.text)
        self.assertIn("The breakpoint on line 3 is not set: ", kernel.text)
        self.assertNotIn("line 4", kernel.text)
        kernel.text = ""
        kernel.breakpoints(code, {"line": 3, "logMessage": "i is {i}"})
        self.ok(kernel.run(code))
        self.assertEqual(kernel.text.count("i is 0\n"), 1, kernel.text)
        kernel.breakpoints(code, {"line": 3, "hitCondition": "== 2"})
        running = kernel.run(code)
        thread, frames, _ = kernel.stopped()
        self.assertEqual(kernel.locals(frames[0])["i"], "1")
        answer = kernel.debug("evaluate", expression="twice(1)", frameId=frames[0]["id"], context="repl")
        self.assertFalse(answer["success"])
        self.assertIn("only those functions", answer["message"])
        kernel.debug("continue", threadId=thread)
        self.ok(running)

    def test_the_cell_goes_on_when_the_debugger_is_turned_off(self):
        kernel = self.kernel
        kernel.start()
        code = "for i := range 3 {\n\tfmt.Println(i)\n}"
        kernel.breakpoints(code, {"line": 2})
        running = kernel.run(code)
        kernel.stopped()
        kernel.body("disconnect", restart=False, terminateDebuggee=False)
        self.ok(running)
        self.assertEqual(kernel.text, "0\n1\n2\n")

    def test_errors_are_those_of_a_cell_without_the_debugger(self):
        kernel = self.kernel
        kernel.start()
        reply = kernel.end(kernel.run("a := 1\nvar b string = a"))
        self.assertEqual(reply["ename"], "CompileError")
        self.assertIn("line 2", "".join(kernel.errors[0]["traceback"]))
        reply = kernel.end(kernel.run("os.Exit(3)"))
        self.assertIn("3", reply["evalue"])
        self.ok(kernel.run("%%script cat\nhello"))
        self.assertIn("hello", kernel.text)

    def test_what_cannot_be_answered_says_why(self):
        kernel = self.kernel
        for command, arguments in (
            ("evaluate", {"expression": "1"}), ("next", {"threadId": 1}), ("source", {"source": {"path": "/etc/passwd"}}),
            ("richInspectVariables", {"variableName": "1+1"}), ("copyToGlobals", {}), ("openSesame", {}),
            ("setBreakpoints", {"source": {"path": "x"}, "breakpoints": [{}]}),
        ):
            answer = kernel.debug(command, **arguments)
            self.assertFalse(answer["success"], answer)
            self.assertTrue(answer["message"], answer)


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=sys.argv)
