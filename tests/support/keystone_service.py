"""Runs OpenStack Keystone on loopback, with the interpreter that has it: `python keystone_service.py DIRECTORY`.

Prints the port and the ID of the project `admin`, then serves until it is ended.
"""

import grp
import importlib
import os
import pwd
import sqlite3
import subprocess
import sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

USER, PASSWORD, ACCOUNT, PROJECT = "admin", "keystone-password-of-a-test", "Default", "admin"

_SETTINGS = """
[DEFAULT]
log_file = {0}/keystone.log
use_stderr = false
[database]
connection = sqlite:///{0}/keystone.db
[token]
provider = fernet
expiration = 86400
[fernet_tokens]
key_repository = {0}/token-keys
[credential]
key_repository = {0}/credential-keys
[cache]
enabled = false
"""


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: object, **kwargs: object) -> None:
        """Silent."""


def manage(settings: Path, *command: str) -> None:
    program = "import sys; from keystone.cmd.manage import main; sys.exit(main())"
    arguments = [sys.executable, "-W", "ignore", "-c", program, "--config-file", str(settings), *command]
    environ = {**os.environ, "OS_BOOTSTRAP_PASSWORD": PASSWORD}
    subprocess.run(arguments, env=environ, stderr=subprocess.DEVNULL, check=True)


def main(directory: Path) -> None:
    settings = directory / "keystone.conf"
    settings.write_text(_SETTINGS.format(directory))
    for name in ("token-keys", "credential-keys"):
        (directory / name).mkdir(mode=0o700)
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    manage(settings, "db_sync")
    manage(settings, "fernet_setup", "--keystone-user", user, "--keystone-group", group)
    manage(settings, "bootstrap")
    del sys.argv[1:]  # Keystone would take them for its own
    os.environ["OS_KEYSTONE_CONFIG_FILES"] = str(settings)
    application = importlib.import_module("keystone.server.wsgi").initialize_public_application()
    with sqlite3.connect(directory / "keystone.db") as database:
        (project_id,) = database.execute("select id from project where name = ?", (PROJECT,)).fetchone()
    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
        print(server.server_port, project_id, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
