/** A small TURN server on this machine (RFC 8656, over UDP), which counts what it passes on; it answers STUN's question too. */
import { createHash, createHmac, randomBytes } from "node:crypto";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

const COOKIE = 0x2112a442;
const HEADER_BYTES = 20;
/** Methods, with the bits of a request; answers have others beside. */
const BINDING = 0x0001;
const ALLOCATE = 0x0003;
const REFRESH = 0x0004;
const SEND = 0x0016;
const DATA = 0x0017;
const PERMISSION = 0x0008;
const CHANNEL = 0x0009;
const SUCCESS = 0x0100;
const FAILURE = 0x0110;
/** Attributes. */
const USERNAME = 0x0006;
const INTEGRITY = 0x0008;
const ERROR = 0x0009;
const CHANNEL_NUMBER = 0x000c;
const LIFETIME = 0x000d;
const PEER = 0x0012;
const PAYLOAD = 0x0013;
const REALM = 0x0014;
const NONCE = 0x0015;
const RELAYED = 0x0016;
const MAPPED = 0x0020;

type Attribute = readonly [type: number, value: Buffer];

interface Allocation {
  readonly socket: Socket;
  readonly channels: Map<number, number>;
  /** Ports of this machine that may send to it; and channels that lead to them. */
  readonly peers: Map<number, number | undefined>;
}

export class TurnServer {
  readonly username = "somebody";
  readonly credential = "a secret";
  /** Questions of STUN, and places given to whom knew the secret. */
  questions = 0;
  allocations = 0;
  relayedBytes = 0;
  readonly #socket = createSocket("udp4");
  readonly #allocated = new Map<number, Allocation>();
  readonly #realm = "manyhands.test";
  readonly #nonce = randomBytes(8).toString("hex");
  readonly #key: Buffer;

  private constructor() {
    this.#key = createHash("md5").update(`${this.username}:${this.#realm}:${this.credential}`).digest();
    this.#socket.on("message", (message, from) => void this.#hear(message, from));
  }

  static async start(): Promise<TurnServer> {
    const server = new TurnServer();
    server.#socket.bind(0, "127.0.0.1");
    await once(server.#socket, "listening");
    return server;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get iceServers(): readonly { readonly urls: string; readonly username: string; readonly credential: string }[] {
    const { username, credential, port } = this;
    return [{ urls: `turn:127.0.0.1:${port}?transport=udp`, username, credential }];
  }

  async close(): Promise<void> {
    for (const { socket } of this.#allocated.values()) socket.close();
    this.#socket.close();
    await once(this.#socket, "close");
  }

  async #hear(message: Buffer, from: RemoteInfo): Promise<void> {
    if (message.length < 4) return;
    const type = message.readUInt16BE(0);
    if (type >= 0x4000) return this.#pass(from.port, type, message.subarray(4, 4 + message.readUInt16BE(2)));
    if (message.length < HEADER_BYTES || message.readUInt32BE(4) !== COOKIE) return;
    const attributes = read(message);
    const answer = (how: number, ...told: readonly Attribute[]) =>
      this.#socket.send(this.#written(type | how, message.subarray(4, HEADER_BYTES), told), from.port, from.address);
    if (type === BINDING) {
      this.questions += 1;
      return answer(SUCCESS, [MAPPED, addressOf(from.port)]);
    }
    const allocation = this.#allocated.get(from.port);
    const peer = attributes.get(PEER);
    if (type === SEND) {
      if (peer !== undefined) this.#send(allocation, portOf(peer), attributes.get(PAYLOAD) ?? Buffer.alloc(0));
      return;
    }
    if (!this.#isProved(message, attributes)) {
      return answer(
        FAILURE,
        [ERROR, Buffer.from([0, 0, 4, 1])],
        [REALM, Buffer.from(this.#realm)],
        [NONCE, Buffer.from(this.#nonce)],
      );
    }
    const lifetime: Attribute = [LIFETIME, word(600)];
    if (type === ALLOCATE) {
      const { socket } = allocation ?? (await this.#allocate(from));
      answer(SUCCESS, [RELAYED, addressOf(socket.address().port)], [MAPPED, addressOf(from.port)], lifetime);
    } else if (type === REFRESH) answer(SUCCESS, lifetime);
    else if (type === PERMISSION || type === CHANNEL) {
      const number = attributes.get(CHANNEL_NUMBER)?.readUInt16BE(0);
      if (peer !== undefined) allocation?.peers.set(portOf(peer), number);
      if (peer !== undefined && number !== undefined) allocation?.channels.set(number, portOf(peer));
      answer(SUCCESS);
    }
  }

  async #allocate(from: RemoteInfo): Promise<Allocation> {
    const socket = createSocket("udp4");
    const allocation: Allocation = { socket, channels: new Map(), peers: new Map() };
    this.#allocated.set(from.port, allocation);
    this.allocations += 1;
    socket.on("message", (bytes, { port }) => {
      // Permission is given to machines, and there is one.
      if (allocation.peers.size === 0) return;
      const channel = allocation.peers.get(port);
      const told = [
        [PEER, addressOf(port)],
        [PAYLOAD, bytes],
      ] as const;
      const message =
        channel === undefined
          ? written(DATA, randomId(), told)
          : Buffer.concat([short(channel), short(bytes.length), bytes]);
      this.#socket.send(message, from.port, from.address);
    });
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return allocation;
  }

  #pass(port: number, channel: number, bytes: Buffer): void {
    const allocation = this.#allocated.get(port);
    this.#send(allocation, allocation?.channels.get(channel), bytes);
  }

  #send(allocation: Allocation | undefined, port: number | undefined, bytes: Buffer): void {
    if (allocation === undefined || port === undefined) return;
    this.relayedBytes += bytes.length;
    allocation.socket.send(bytes, port, "127.0.0.1");
  }

  /** Whether who wrote it knows the secret. */
  #isProved(message: Buffer, attributes: ReadonlyMap<number, Buffer>): boolean {
    const proof = attributes.get(INTEGRITY);
    if (proof === undefined || attributes.get(USERNAME)?.toString() !== this.username) return false;
    const before = Buffer.from(message.subarray(0, message.indexOf(proof) - 4));
    before.writeUInt16BE(before.length + 24 - HEADER_BYTES, 2);
    return createHmac("sha1", this.#key).update(before).digest().equals(proof);
  }

  #written(type: number, id: Buffer, attributes: readonly Attribute[]): Buffer {
    const message = written(type, id, attributes);
    message.writeUInt16BE(message.length + 24 - HEADER_BYTES, 2);
    const proof = createHmac("sha1", this.#key).update(message).digest();
    return Buffer.concat([message, short(INTEGRITY), short(20), proof]);
  }
}

/** `id`: with the cookie in front. */
function written(type: number, id: Buffer, attributes: readonly Attribute[]): Buffer {
  const parts = attributes.flatMap(([name, value]) => [
    short(name),
    short(value.length),
    value,
    Buffer.alloc(-value.length & 3),
  ]);
  const body = Buffer.concat(parts);
  return Buffer.concat([short(type), short(body.length), id, body]);
}

function read(message: Buffer): ReadonlyMap<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let at = HEADER_BYTES; at + 4 <= message.length; ) {
    const length = message.readUInt16BE(at + 2);
    attributes.set(message.readUInt16BE(at), message.subarray(at + 4, at + 4 + length));
    at += 4 + length + (-length & 3);
  }
  return attributes;
}

const randomId = () => Buffer.concat([word(COOKIE), randomBytes(12)]);

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** An address of this machine, as such messages have it. */
function addressOf(port: number): Buffer {
  return Buffer.concat([Buffer.from([0, 1]), short(port ^ (COOKIE >>> 16)), word((0x7f000001 ^ COOKIE) >>> 0)]);
}

function portOf(address: Buffer): number {
  return address.readUInt16BE(2) ^ (COOKIE >>> 16);
}
