/** Reads an event stream frame by frame, as the standard says, from outside a browser. */

export interface Frame {
  event: string;
  id: string;
  data: Record<string, unknown>;
}

export class EventFeed {
  readonly headers: Headers;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #abort: AbortController;
  readonly #decoder = new TextDecoder();
  #rest = "";

  private constructor(answer: Response, reader: ReadableStreamDefaultReader<Uint8Array>, abort: AbortController) {
    this.headers = answer.headers;
    this.#reader = reader;
    this.#abort = abort;
  }

  static async open(url: string, lastEventId?: string): Promise<EventFeed> {
    const abort = new AbortController();
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (lastEventId !== undefined) headers["last-event-id"] = lastEventId;
    const answer = await fetch(url, { headers, signal: abort.signal });
    if (!answer.ok || !answer.body) throw new Error(`GET ${url}: ${answer.status} ${await answer.text()}`);
    return new EventFeed(answer, answer.body.getReader(), abort);
  }

  /** The next frame with one of these names; others pass by. */
  async next(...wanted: string[]): Promise<Frame> {
    for (;;) {
      const end = this.#rest.indexOf("\n\n");
      if (end >= 0) {
        const frame = parse(this.#rest.slice(0, end));
        this.#rest = this.#rest.slice(end + 2);
        if (wanted.includes(frame.event)) return frame;
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) throw new Error(`the feed ended before ${wanted.join(" or ")}`);
      this.#rest += this.#decoder.decode(value, { stream: true });
    }
  }

  close(): void {
    this.#abort.abort();
  }
}

function parse(text: string): Frame {
  const frame = { event: "message", id: "", data: "" };
  for (const line of text.split("\n")) {
    const [, field, value] = /^(event|id|data): ?(.*)$/.exec(line) ?? [];
    if (field === "event") frame.event = value ?? "";
    if (field === "id") frame.id = value ?? "";
    if (field === "data") frame.data += value ?? "";
  }
  return { ...frame, data: frame.data ? (JSON.parse(frame.data) as Record<string, unknown>) : {} };
}
