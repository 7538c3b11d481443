import { createServer } from "node:net";

/** Loopback ports nobody listens on at the moment of asking. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(0, "127.0.0.1", resolve);
      });
      return server;
    }),
  );
  const ports: number[] = [];
  for (const server of servers) {
    const address = server.address();
    if (address !== null && typeof address === "object") ports.push(address.port);
    await new Promise((resolve) => server.close(resolve));
  }
  return ports;
}
