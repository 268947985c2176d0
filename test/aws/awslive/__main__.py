"""python -m awslive STATE: serves until it is told to end, and writes its address to STATE/url."""

import os
import signal
import sys
import threading
from typing import Any

os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")

from werkzeug.serving import make_server  # noqa: E402

from moto.moto_server.werkzeug_app import MotoRequestHandler  # noqa: E402

from .server import Server  # noqa: E402
from .services import Services  # noqa: E402


class Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept

    def log_request(self, *_: Any) -> None:
        pass


def main() -> None:
    state = sys.argv[1]
    app = Server()
    server = make_server("127.0.0.1", int(os.environ.get("ONRUSH_TEST_AWS_PORT", "0")), app, threaded=True, request_handler=Handler)
    server.daemon_threads = True  # type: ignore[attr-defined]
    server.request_queue_size = 512
    app.formation.endpoint = app.ecs.endpoint = f"http://127.0.0.1:{server.server_port}"
    Services(app.ecs).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    path = os.path.join(state, "url")
    with open(path + ".new", "w") as f:
        f.write(app.ecs.endpoint + "\n")
    os.rename(path + ".new", path)
    server.serve_forever()
    ends = [threading.Thread(target=c.stop) for t in app.ecs.all() for c in t.containers]
    for end in ends:
        end.start()
    for end in ends:
        end.join()
    os.remove(path)
    os._exit(0)  # threads that wait for a client hold nothing


main()
