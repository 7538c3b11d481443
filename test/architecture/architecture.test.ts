/** The structure that docs/ARCHITECTURE.md tells is the one the code has. */

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface PackageRow {
  readonly name: string;
  readonly ours: readonly string[];
  readonly others: readonly string[];
}

function documented(): PackageRow[] {
  const page = readFileSync(join(root, "docs/ARCHITECTURE.md"), "utf8");
  const table = page.slice(page.indexOf("<!-- packages"), page.indexOf("`raft`, `keyspace`"));
  const list = (cell: string): string[] =>
    cell
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "")
      .sort();
  return table
    .split("\n")
    .filter((line) => /^\| [a-z]/.test(line) && !line.startsWith("| package"))
    .map((line) => {
      const cells = line.split("|").map((cell) => cell.trim());
      return { name: cells[1]!, ours: list(cells[2]!), others: list(cells[3]!) };
    });
}

function manifests(): PackageRow[] {
  return readdirSync(join(root, "packages")).map((folder) => {
    const path = join(root, "packages", folder, "package.json");
    const manifest = JSON.parse(readFileSync(path, "utf8")) as {
      dependencies?: Record<string, string>;
    };
    const names = Object.keys(manifest.dependencies ?? {}).sort();
    const prefix = "@redoubt/";
    return {
      name: folder,
      ours: names
        .filter((name) => name.startsWith(prefix))
        .map((name) => name.slice(prefix.length)),
      others: names.filter((name) => !name.startsWith(prefix)),
    };
  });
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((file) => file.isFile() && file.name.endsWith(".ts") && !file.name.endsWith(".test.ts"))
    .map((file) => join(file.parentPath, file.name))
    .filter((path) => !path.includes("/testing/") && !path.includes("/generated/"));
}

/** Source without comments and strings: what is said about a clock is not a clock. */
function code(path: string): string {
  return readFileSync(path, "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/\/\/.*$/gm, "")
    .replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
}

function imports(path: string): { readonly from: string; readonly typeOnly: boolean }[] {
  const text = readFileSync(path, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  return [...text.matchAll(/^(import|export)\s+(type\s)?[^;]*?from\s+"([^"]+)"/gm)].map(
    (match) => ({
      from: match[3]!,
      typeOnly: match[2] !== undefined,
    }),
  );
}

test("the manifests have the dependencies that docs/ARCHITECTURE.md tells", () => {
  const byName = (a: PackageRow, b: PackageRow): number => a.name.localeCompare(b.name);
  expect(manifests().sort(byName)).toEqual(documented().sort(byName));
});

test("the packages form a DAG in the order of the page", () => {
  const seen = new Set<string>();
  for (const { name, ours } of documented()) {
    for (const dependency of ours)
      expect(seen, `${name} imports ${dependency}`).toContain(dependency);
    seen.add(name);
  }
});

describe.each(documented())("$name", ({ name, ours, others }) => {
  const folder = join(root, "packages", name, "src");

  test("imports only what its manifest names", () => {
    const allowed = new Set([...ours.map((dependency) => `@redoubt/${dependency}`), ...others]);
    for (const path of sources(folder)) {
      for (const { from } of imports(path)) {
        if (from.startsWith(".") || from.startsWith("node:")) continue;
        const bare = from
          .split("/")
          .slice(0, from.startsWith("@") ? 2 : 1)
          .join("/");
        expect(allowed, `${relative(root, path)} imports ${from}`).toContain(bare);
      }
    }
  });

  test("reaches no other package's files", () => {
    for (const path of sources(folder)) {
      for (const { from } of imports(path)) {
        if (!from.startsWith(".")) continue;
        const target = join(path, "..", from);
        expect(target.startsWith(folder), `${relative(root, path)} imports ${from}`).toBe(true);
      }
    }
  });
});

describe.each(["raft", "keyspace", "commands", "replica"])("the pure package %s", (name) => {
  const folder = join(root, "packages", name, "src");
  const node = name === "keyspace" ? ["node:buffer", "node:crypto"] : [];

  test("reads no clock, draws no random number, sets no timer", () => {
    const denied =
      /\bDate\.now\b|\bnew Date\b|\bMath\.random\b|\bperformance\.|\bset(Timeout|Interval|Immediate)\b|\bprocess\.|\brandom(Bytes|UUID|Int|FillSync)\b|\bqueueMicrotask\b/;
    for (const path of sources(folder)) {
      expect(denied.exec(code(path))?.[0] ?? null, relative(root, path)).toBeNull();
    }
  });

  test("does no I/O", () => {
    for (const path of sources(folder)) {
      for (const { from } of imports(path)) {
        if (from.startsWith("node:")) expect(node, relative(root, path)).toContain(from);
      }
    }
  });
});

test("level-log and grpc-peer take only types of replica", () => {
  for (const name of ["level-log", "grpc-peer"]) {
    for (const path of sources(join(root, "packages", name, "src"))) {
      for (const { from, typeOnly } of imports(path)) {
        if (from.startsWith("@redoubt/replica")) expect(typeOnly, relative(root, path)).toBe(true);
      }
    }
  }
});
