import type { AsyncBuffer } from "hyparquet";
import { LakeFailure } from "./failure";
import { request } from "./http";

/** Files up to this size are fetched whole: one request costs less than several ranges. */
const WHOLE_FILE_BYTES = 12_000;

/**
 * A remote file of a known size that is read by ranges. Published files never change, so what was
 * read once is kept. A server that ignores ranges answers with the whole file, which is kept as well.
 */
export function rangeFile(address: string, byteLength: number): AsyncBuffer {
  const ranges = new Map<string, Promise<ArrayBuffer>>();
  let whole: Promise<ArrayBuffer> | undefined;

  async function fetchWhole(): Promise<ArrayBuffer> {
    return checked(await body(await request(address), address));
  }

  function checked(buffer: ArrayBuffer): ArrayBuffer {
    if (buffer.byteLength === byteLength) return buffer;
    const message = `${address} has ${buffer.byteLength} bytes, but latest.json says ${byteLength}`;
    throw new LakeFailure("broken", address, message);
  }

  async function fetchRange(start: number, end: number): Promise<ArrayBuffer> {
    const headers = { Range: `bytes=${start}-${end - 1}` };
    // Browsers keep the ranges of a file together. Where the host wants to be asked whether they still count,
    // Chromium now and then answers with the beginning of what was asked for: then it is fetched past the cache.
    for (const cache of ["default", "no-store"] as const) {
      const response = await request(address, { headers, cache });
      const buffer = await body(response, address);
      if (response.status !== 206) {
        whole = Promise.resolve(checked(buffer));
        return buffer.slice(start, end);
      }
      if (buffer.byteLength === end - start) return buffer;
    }
    throw new LakeFailure("broken", address, `${address} is shorter than latest.json says`);
  }

  return {
    byteLength,
    async slice(start, end = byteLength) {
      if (byteLength <= WHOLE_FILE_BYTES) whole ??= fetchWhole();
      if (whole) return (await whole).slice(start, end);
      const key = `${start}-${end}`;
      const known = ranges.get(key);
      if (known) return known;
      const coming = fetchRange(start, end);
      ranges.set(key, coming);
      coming.catch(() => ranges.delete(key));
      return coming;
    },
  };
}

async function body(response: Response, address: string): Promise<ArrayBuffer> {
  return response.arrayBuffer().catch(() => {
    throw new LakeFailure("unreachable", address, `${address} broke off while it was read`);
  });
}
