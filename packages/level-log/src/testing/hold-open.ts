/** A running node, as whoever opens its store sees it. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** A process that has the store open, as a running node has: locks do not count within one process. */
export async function holdOpen(store: string): Promise<ChildProcess> {
  const program = `
    import { Level } from "level";
    const store = new Level(${JSON.stringify(store)});
    try {
      await store.open({ createIfMissing: false });
      console.log("open");
      setInterval(() => {}, 1000);
    } catch (error) {
      console.log("lock " + error.cause?.code);
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: dirname(fileURLToPath(import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = await once(child.stdout!, "data");
  const line = String(said).trim();
  if (line === "open") return child;
  throw new Error(line);
}
