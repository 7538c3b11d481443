/** RESP2 and RESP3: requests in, replies out. */
export {
  bulkBytesMaxDefault,
  inlineBytesMaxDefault,
  multibulkMaxDefault,
} from "./constants.js";
export { encodeRequest } from "./encode-request.js";
export { AssertionError } from "./errors.js";
export { formatDouble } from "./format-double.js";
export { OutputBuffer } from "./output-buffer.js";
export { ReplyWriter } from "./reply-writer.js";
export { type DecoderEvents, RequestDecoder } from "./request-decoder.js";
export type { DecoderLimits } from "./request-scanner.js";
