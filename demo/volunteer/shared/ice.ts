/** Servers that help browsers to reach each other from network to network (STUN), or pass on what they say (TURN), as people write them. */

export interface IceServer {
  readonly urls: string;
  readonly username?: string;
  readonly credential?: string;
}

/** `stun:example.org:3478`, or `turn:name:password@example.org:3478?transport=tcp`. */
const SERVER = /^(stuns?|turns?):(?:([^:@\s]+):([^@\s]+)@)?([\w.-]+|\[[\da-f:]+\])(:\d+)?(\?transport=(?:udp|tcp))?$/i;

/** Several are written with spaces between them. Undefined if one of them is none. */
export function readIce(text: string): readonly IceServer[] | undefined {
  const servers: IceServer[] = [];
  for (const word of text.split(/\s+/).filter((each) => each !== "")) {
    const [, scheme, username, credential, host, port = "", query = ""] = SERVER.exec(word) ?? [];
    if (scheme === undefined) return undefined;
    const isRelay = /^turn/i.test(scheme);
    if (isRelay !== (username !== undefined)) return undefined;
    const urls = `${scheme.toLowerCase()}:${host}${port}${query}`;
    servers.push(
      username === undefined || credential === undefined
        ? { urls }
        : { urls, username: decodeURIComponent(username), credential: decodeURIComponent(credential) },
    );
  }
  return servers;
}
