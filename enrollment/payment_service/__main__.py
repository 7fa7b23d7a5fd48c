"""Run the payment portal: ``python -m enrollment.payment_service --port 8001``. The demo starts it beside the portal."""

import argparse
import socket

from waitress import serve


def main() -> None:
    parser = argparse.ArgumentParser(description="The simulated payment portal.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine only)")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--socket", type=int, help="number of an open listening socket, instead of host and port")
    chosen = parser.parse_args()

    from enrollment.payment_service.wsgi import application

    where = (
        {"sockets": [socket.socket(fileno=chosen.socket)]}
        if chosen.socket is not None
        else {"host": chosen.host, "port": chosen.port}
    )
    serve(application, **where, threads=8, ident=None, clear_untrusted_proxy_headers=True, _quiet=True)


if __name__ == "__main__":
    main()
