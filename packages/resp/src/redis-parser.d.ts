/** redis-parser 3.0.0 ships no types. Only what `whole-requests.ts` uses. */
declare module "redis-parser" {
  interface RedisParserOptions {
    returnReply(reply: unknown): void;
    returnError(error: Error): void;
    returnFatalError?(error: Error): void;
    returnBuffers?: boolean;
    stringNumbers?: boolean;
  }
  class RedisParser {
    constructor(options: RedisParserOptions);
    execute(bytes: Buffer): void;
    reset(): void;
  }
  export = RedisParser;
}
