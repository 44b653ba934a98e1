export interface ServerSentEvent {
  event: string;
  data: string;
}

/**
 * Takes apart a stream of server-sent events. `EventSource` could do it, but it cannot send the
 * header with the token.
 */
export class EventParser {
  private rest = "";
  private event = "message";
  private data: string[] = [];

  /** The events that the next piece of text completes. */
  push(text: string): ServerSentEvent[] {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.line(line) ?? []);
  }

  private line(line: string): ServerSentEvent | null {
    if (line === "") {
      const complete = this.data.length > 0 ? { event: this.event, data: this.data.join("\n") } : null;
      this.event = "message";
      this.data = [];
      return complete;
    }
    const [field = "", value = ""] = splitOnce(line, ":");
    const text = value.startsWith(" ") ? value.slice(1) : value;
    if (field === "event") this.event = text;
    else if (field === "data") this.data.push(text);
    return null;
  }
}

function splitOnce(line: string, separator: string): [string, string] {
  const position = line.indexOf(separator);
  return position < 0 ? [line, ""] : [line.slice(0, position), line.slice(position + 1)];
}

/** The events of a response, until it ends. */
export async function* eventsOf(response: Response): AsyncGenerator<ServerSentEvent> {
  const parser = new EventParser();
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  if (!reader) return;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield* parser.push(decoder.decode(value, { stream: true }));
  }
}
