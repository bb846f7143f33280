// tests/web/browser/host.mjs
//
// A real supervisor with a real tree, in a directory of its own, listening on a port of its own on loopback; and what a test asks of it
// behind the page's back. Ends with everything it started.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const token = "the-token-of-this-test";
export const program = process.env.SIMPLEVISOR_PROGRAM;
const patience_ms = 60_000;

// Looks again every few milliseconds until `fact` says something; fails with `what` when it never does.
export async function eventually(what, fact) {
  const end = Date.now() + patience_ms;
  for (;;) {
    const found = await fact();
    if (found) return found;
    if (Date.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export class Host {
  // `tree`: the configuration without its [simplevisor] table, with @DIR@ for the host's directory.
  // `files`: what stands in the directory before, by name; programs begin with "#!".
  static async start(
    tree,
    { name = "web-test", write = true, files = {} } = {},
  ) {
    const host = new Host();
    host.dir = mkdtempSync(join(tmpdir(), "simplevisor-web-"));
    host.tree = tree;
    host.write = write;
    host.name = name;
    host.port = await freePort();
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(
        join(host.dir, name),
        content.replaceAll("@DIR@", host.dir),
      );
      if (content.startsWith("#!")) chmodSync(join(host.dir, name), 0o755);
    }
    writeFileSync(join(host.dir, "token"), `${token}\n`);
    chmodSync(join(host.dir, "token"), 0o600);
    await host.launch();
    return host;
  }

  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  async launch() {
    const settings = `[simplevisor]
name = "${this.name}"
state_dir = "${this.dir}/state"
log = { stderr = true }
[simplevisor.control]
listen = "127.0.0.1:${this.port}"
token_file = "${this.dir}/token"
write = ${this.write}
`;
    writeFileSync(
      join(this.dir, "host.toml"),
      settings + this.tree.replaceAll("@DIR@", this.dir),
    );
    this.said = "";
    // Gone with us, even when we are killed.
    const command = [
      "--pdeathsig",
      "TERM",
      program,
      "--conf",
      join(this.dir, "host.toml"),
      "start",
    ];
    this.process = spawn("setpriv", command, {
      cwd: this.dir,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const hear = (data) => (this.said = (this.said + data).slice(-65_536));
    this.process.stdout.on("data", hear);
    this.process.stderr.on("data", hear);
    this.ended = once(this.process, "exit");
    const answers = eventually(
      "the supervisor answers",
      async () => (await this.node("root").catch(() => null)) !== null,
    );
    const ends = this.ended.then(() => {
      throw new Error(`the supervisor ended: ${this.said}`);
    });
    await Promise.race([answers, ends]);
    ends.catch(() => undefined); // later it may
  }

  async ask(path, init = {}) {
    const response = await fetch(new URL(path, this.url), {
      ...init,
      headers: { Authorization: `Bearer ${token}`, ...init.headers },
    });
    if (!response.ok)
      throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async node(path) {
    const { nodes } = await this.ask(
      `/v1/status?pattern=${encodeURIComponent(path)}`,
    );
    return nodes[0];
  }

  read(name) {
    return readFileSync(join(this.dir, name), "utf8");
  }

  async end() {
    if (this.process.exitCode === null && this.process.signalCode === null)
      this.process.kill("SIGTERM");
    await this.ended;
  }

  async remove() {
    await this.end();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
