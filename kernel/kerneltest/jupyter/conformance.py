"""The protocol as jupyter_kernel_test checks it, with every sample it knows that this kernel has an answer to."""

import time
import unittest

from jupyter_kernel_test import IopubWelcomeTests, KernelTests

KERNEL = "headstart"


class HeadstartTests(KernelTests):
    kernel_name = KERNEL
    language_name = "go"
    file_extension = ".go"

    code_hello_world = 'fmt.Println("hello, world")'
    code_stderr = '%%\nfmt.Fprintln(os.Stderr, "oops")'
    completion_samples = [
        {"text": "%he", "matches": {"%help"}},
        {"text": "%%\nstrings.HasPref", "matches": {"HasPrefix"}},
    ]
    complete_code_samples = [
        "",
        "var x = 1",
        "func f() int {\n\treturn 1\n}",
        '%%\nfmt.Println("x")',
        "%help",
        "%%bash\nls (",
        "!ls",
    ]
    incomplete_code_samples = ["func f() {", "import (", "var x =", "%%\nfor {", "/* open", "var s = `open"]
    invalid_code_samples = ["func }", "var x = := 1", "hello there", '%%\nx := "open']
    code_generate_error = "%help --no-such-flag"
    code_execute_result = [
        {"code": "1003 + 2", "result": "1005"},
        {"code": '"a" + "b"', "result": "ab"},
        {"code": "[]int{1, 2}", "result": "[1 2]"},
    ]
    code_display_data = [{"code": "%help", "mime": "text/html"}]
    code_history_pattern = "1003?+*"  # other scripts share the history
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "%help"
    code_clear_output = "%clear --wait"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Completion answers within two seconds, if need be with nothing: gopls takes longer than that to start.
        end = time.time() + 60
        matches = []
        while not matches and time.time() < end:
            cls.kc.complete(cls.completion_samples[1]["text"])
            matches = cls.kc.get_shell_msg(timeout=10)["content"].get("matches")
            time.sleep(0.1)


class HeadstartWelcomeTests(IopubWelcomeTests):
    kernel_name = KERNEL
    support_iopub_welcome = True


# Base classes that unittest would run on their own.
del KernelTests, IopubWelcomeTests

if __name__ == "__main__":
    unittest.main(verbosity=2)
