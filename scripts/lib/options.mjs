/** Command line of start.mjs. */

export const peerPortOffset = 10_000;
const nodesMax = 9;
const portMax = 65_535;

/** Written by start.mjs itself: the same --set for every node would make no cluster of them. */
const reserved = new Set([
  "node-id",
  "cluster-id",
  "peers",
  "port",
  "peer-port",
  "dir",
  "pidfile",
  "logfile",
  "bootstrap",
  "include",
]);

export const usage = `Usage: npm start -- [--nodes N] [--base-port PORT] [--dir DIRECTORY] [--set name=value ...]

Runs a Redoubt cluster on this machine until Ctrl-C.
  --nodes N            members, 1 to ${nodesMax} (default 3, or what the directory holds)
  --base-port PORT     node N serves clients on PORT + N - 1 and members ${peerPortOffset} above (default 7001)
  --dir DIRECTORY      data, logs and configuration (default ./.redoubt)
  --set name=value     an option of every node's redoubt.conf, may be repeated
  --help               this text
`;

/** The options, or a text that says what is wrong with them. nodes, basePort: null when not given. */
export function readOptions(argv) {
  const options = {
    nodes: null,
    basePort: null,
    directory: "./.redoubt",
    settings: [],
    help: false,
  };
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at];
    if (word === "--help" || word === "-h") return { ...options, help: true };
    const equals = word.startsWith("--") ? word.indexOf("=") : -1;
    const name = equals < 0 ? word : word.slice(0, equals);
    if (!["--nodes", "--base-port", "--dir", "--set"].includes(name)) {
      return `unknown option '${word}', see npm start -- --help`;
    }
    if (equals < 0) at += 1;
    const value = equals < 0 ? argv[at] : word.slice(equals + 1);
    if (value === undefined || value === "") return `${name} needs a value`;
    const refusal = take(options, name, value);
    if (refusal !== null) return refusal;
  }
  const last = (options.basePort ?? 7001) + (options.nodes ?? 3) - 1 + peerPortOffset;
  if (last > portMax) return `--base-port is too high: the last peer port would be ${last}`;
  return options;
}

function take(options, name, value) {
  if (name === "--dir") {
    options.directory = value;
    return null;
  }
  if (name === "--set") return takeSetting(options, value);
  const number = /^\d{1,6}$/.test(value) ? Number(value) : 0;
  if (name === "--nodes") {
    if (number < 1 || number > nodesMax) return `--nodes must be 1 to ${nodesMax}, not '${value}'`;
    options.nodes = number;
    return null;
  }
  if (number < 1 || number > portMax) return `--base-port must be a port, not '${value}'`;
  options.basePort = number;
  return null;
}

function takeSetting(options, value) {
  const equals = value.indexOf("=");
  if (equals < 1) return `--set must be name=value, not '${value}'`;
  const name = value.slice(0, equals).toLowerCase();
  if (reserved.has(name)) return `--set ${name}: npm start decides that for every node itself`;
  options.settings.push([name, value.slice(equals + 1)]);
  return null;
}
