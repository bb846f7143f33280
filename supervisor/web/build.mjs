// supervisor/web/build.mjs
//
// Makes the bundle: `dist/index.html` and what it asks for below `dist/assets/`. The same sources and lock file give the same
// bytes, on any machine: no paths, times or map files get into them.
//
//   node build.mjs [--out DIRECTORY]      default: dist
//   node build.mjs --tests                the unit tests, for node's own test runner, into build/
import { build } from "esbuild";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: { out: { type: "string", default: "dist" }, tests: { type: "boolean", default: false } },
});
const common = { absWorkingDir: here, bundle: true, target: "es2022", charset: "utf8", logLevel: "warning" };

if (values.tests) {
  const folder = "../../tests/web/unit";
  const unit = readdirSync(join(here, folder)).filter((name) => name.endsWith("_test.ts"));
  rmSync(join(here, "build"), { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: unit.map((name) => join(folder, name)),
    outdir: "build",
    outExtension: { ".js": ".mjs" },
    outbase: folder,
    platform: "node",
    format: "esm",
  });
} else {
  const out = join(here, values.out);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(join(out, "assets"), { recursive: true });
  await build({
    ...common,
    entryPoints: { page: "source/main.tsx" },
    outdir: join(out, "assets"),
    minify: true,
    format: "esm",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    loader: { ".woff2": "file" },
    assetNames: "[name]",
  });
  copyFileSync(join(here, "source/index.html"), join(out, "index.html"));
  copyFileSync(join(here, "source/icon.svg"), join(out, "assets/icon.svg"));
  writeFileSync(join(out, "assets/licences.txt"), licences());
}

// What the bundle is made of comes with its licence.
function licences() {
  const packages = Object.keys(JSON.parse(readFileSync(join(here, "package.json"), "utf8")).dependencies);
  for (const inner of ["@dagrejs/graphlib", "@preact/signals-core"]) packages.push(inner);
  return packages
    .sort()
    .map((name) => {
      const folder = join(here, "node_modules", name);
      const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      if (!file) throw new Error(`${name} has no licence file`);
      return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
    })
    .join(`\n${"-".repeat(80)}\n\n`);
}
