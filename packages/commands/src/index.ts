export { arityOk, CommandTable } from "./command-table.js";
export { LIBRARIES_BYTES_MAX, LIBRARIES_MAX } from "./constants.js";
export {
  errors,
  invalidExpire,
  unknownCommand,
  unknownSubcommand,
  wrongArity,
} from "./errors.js";
export { globMatch } from "./glob.js";
export { helpLines } from "./introspection/help.js";
export { type ArgumentDoc, parseSyntax, usage } from "./introspection/syntax.js";
export { firstKeySlot, forEachKey, keyPositions } from "./keys.js";
export { commandTable } from "./table.js";
export {
  type AclCategory,
  aclCategoryNames,
  type BlockRequest,
  type CommandContext,
  type CommandFlag,
  type CommandGroup,
  type CommandRow,
  type Executor,
  type Handler,
  type KeyFlag,
  type KeySpec,
  type Visibility,
} from "./types.js";
