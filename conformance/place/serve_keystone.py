"""Serves Keystone on loopback: PORT. Its configuration is named by OS_KEYSTONE_CONFIG_FILES."""
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

port = int(sys.argv.pop())

from keystone.wsgi.api import application  # noqa: E402  it reads sys.argv


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass

    def address_string(self):
        return self.client_address[0]


server = Server(("127.0.0.1", port), Quiet)
server.set_app(application)
print("listening", flush=True)
server.serve_forever()
