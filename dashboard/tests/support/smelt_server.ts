import { type ChildProcess, spawn } from "node:child_process";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { copyOfLake, DASHBOARD } from "./lake";

const READY_WITHIN_MS = 20_000;

export interface SmeltServer {
  address: string;
  close: () => Promise<void>;
}

function smelt(): string {
  if (!process.env.SMELT) throw new Error("SMELT names no smelt binary; `make test-dashboard` does");
  return process.env.SMELT;
}

/** `smelt serve` on a copy of the demo lake, on a port that is free; with further arguments of `serve`. */
export async function startSmelt(...more: string[]): Promise<SmeltServer> {
  const { lake, remove } = copyOfLake();
  try {
    const server = await serveLake(lake, ...more);
    const close = () => server.close().finally(remove);
    return { ...server, close };
  } catch (error) {
    remove();
    throw error;
  }
}

/** `smelt serve` on a lake. */
export async function serveLake(lake: string, ...more: string[]): Promise<SmeltServer> {
  const port = await freePort();
  const datasets = process.env.SMELT_DATASETS ?? new URL("../../../datasets", import.meta.url).pathname;
  const places = ["--lake", lake, "--datasets", datasets];
  const listening = ["serve", "--port", String(port), "--dashboard", DASHBOARD];
  const server = spawn(smelt(), ["--quiet", ...places, ...listening, ...more], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const address = `http://127.0.0.1:${port}`;
  try {
    await untilReady(server, address);
  } catch (error) {
    server.kill();
    throw error;
  }
  return {
    address,
    close: async () => {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGINT");
      await ended;
    },
  };
}

async function untilReady(server: ChildProcess, address: string): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS;
  while (Date.now() < until) {
    if (server.exitCode !== null) throw new Error(`smelt serve ended with ${server.exitCode}`);
    const answer = await fetch(`${address}/health`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`smelt serve did not answer within ${READY_WITHIN_MS / 1000} s`);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
