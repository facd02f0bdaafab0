/** Routes: what somebody serves over HTTP, whatever server it is. */

export interface HttpReply {
  /** The media type. */
  readonly type: string;
  readonly status?: number;
  /** All of it, or part by part as it comes: then it ends when nobody listens any more. */
  readonly body: string | AsyncIterable<string>;
}

/** Aborted when nobody waits for an answer any more. */
export interface Gone {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
}

/** What stands behind the `?` of an address. */
export interface Query {
  get(name: string): string | null;
}

/** Answers a GET of `path`; undefined if there is nothing. */
export type HttpRoutes = (path: string, gone: Gone, query: Query) => Promise<HttpReply | undefined>;

export interface HttpOptions {
  /** 0 for any that is free. */
  readonly port: number;
  readonly host: string;
  /** What whoever asks has to know; nothing if undefined. */
  readonly token: string | undefined;
}

export interface HttpServing {
  readonly port: number;
  close(): Promise<void>;
}
