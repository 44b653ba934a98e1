import { expect, test } from "vitest";
import { EventParser, eventsOf } from "../../src/api/server_sent_events";

const TEXT =
  'event: progress\ndata: {"a":1}\n\n: comment\n\ndata: x\ndata: y\n\nevent: done\r\ndata: {}\r\n\r\n';
const EVENTS = [
  { event: "progress", data: '{"a":1}' },
  { event: "message", data: "x\ny" },
  { event: "done", data: "{}" },
];

test("events are found wherever the stream is cut", () => {
  for (let size = 1; size <= TEXT.length; size++) {
    const parser = new EventParser();
    const found = [];
    for (let start = 0; start < TEXT.length; start += size)
      found.push(...parser.push(TEXT.slice(start, start + size)));
    expect(found).toEqual(EVENTS);
  }
});

test("a stream that ends in the middle of an event does not tell it", async () => {
  const response = new Response("data: whole\n\ndata: hal");
  const found = [];
  for await (const event of eventsOf(response)) found.push(event.data);
  expect(found).toEqual(["whole"]);
});
