/** redis-parser 3.0.0 ships no types. Only what `resp-client.ts` uses. */
declare module "redis-parser" {
  interface RedisParserOptions {
    returnReply(reply: unknown): void;
    returnError(error: Error): void;
    returnFatalError?(error: Error): void;
  }
  class RedisParser {
    constructor(options: RedisParserOptions);
    execute(bytes: Buffer): void;
  }
  export = RedisParser;
}
