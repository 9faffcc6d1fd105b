"""Runs `openstack` once for each line of input, {"cloud": NAME, "argv": [...]}, and answers with a line of what came of it.

What takes long is loading it; so it is loaded once, and every run is a child that ends.
"""
import json
import os
import sys
import tempfile

from openstackclient import shell


def run(cloud, argv):
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
    child = os.fork()
    if child == 0:
        os.environ["OS_CLOUD"] = cloud
        for number, file in enumerate((open(os.devnull, "rb"), out, err)):
            os.dup2(file.fileno(), number)
        code = 1
        try:
            code = shell.main(argv)
        except SystemExit as end:
            code = end.code
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code if isinstance(code, int) else 1)
    _, status = os.waitpid(child, 0)
    out.seek(0)
    err.seek(0)
    return {"code": os.waitstatus_to_exitcode(status), "stdout": out.read().decode(), "stderr": err.read().decode()}


for line in sys.stdin:
    print(json.dumps(run(**json.loads(line))), flush=True)
