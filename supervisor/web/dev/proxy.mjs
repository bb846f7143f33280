// supervisor/web/dev/proxy.mjs
//
// For work on the page only: serves dist/ with the listener's Content-Security-Policy, and passes everything else on to the unix
// socket of a supervisor. No check of who asks: it listens on loopback, for the person who started it.
//
//   SOCKET=state/control.sock [PORT=8600] [WRITE=1] node dev/proxy.mjs
import { createReadStream, existsSync } from "node:fs";
import { createServer, request } from "node:http";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = join(dirname(fileURLToPath(import.meta.url)), "../dist");
const socketPath = process.env.SOCKET ?? "control.sock";
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";

function serveFile(path, response) {
  const file = join(dist, path === "/" ? "index.html" : path);
  if (path.includes("..") || !existsSync(file)) return response.writeHead(404).end();
  response.writeHead(200, { "Content-Type": types[extname(file)], "Content-Security-Policy": policy });
  createReadStream(file).pipe(response);
}

const server = createServer((incoming, response) => {
  const { pathname } = new URL(incoming.url, "http://localhost");
  if (pathname === "/" || pathname.startsWith("/assets/")) return serveFile(pathname, response);
  if (pathname === "/v1/session" && process.env.WRITE !== undefined) {
    return response
      .writeHead(200, { "Content-Type": "application/json" })
      .end(JSON.stringify({ role: "admin", write: process.env.WRITE === "1" }));
  }
  const outgoing = request(
    { socketPath, path: incoming.url, method: incoming.method, headers: incoming.headers },
    (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    },
  );
  outgoing.on("error", () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  response.on("close", () => outgoing.destroy());
  incoming.pipe(outgoing);
});
server.listen(Number(process.env.PORT ?? 8600), "127.0.0.1", () =>
  console.log(`http://127.0.0.1:${server.address().port}/`),
);
