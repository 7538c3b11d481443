/** `npm start`: see lib/launcher.mjs. This file only makes sure that there is something to launch. */

import { existsSync } from "node:fs";

if (existsSync(new URL("../packages/server/dist/cli/main.js", import.meta.url))) {
  const { launch } = await import("./lib/launcher.mjs");
  await launch(process.argv.slice(2));
} else {
  process.stderr.write("Redoubt is not built yet: npm start does that, or npm run build\n");
  process.exitCode = 1;
}
