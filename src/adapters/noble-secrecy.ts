/** Secrecy by @noble/hashes: the platform's own hashing is missing in pages that came without encryption, and is asynchronous everywhere. */

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Secrecy } from "../ports/secrecy.ts";

const encoder = new TextEncoder();

export const nobleSecrecy: Secrecy = {
  random: (count) => crypto.getRandomValues(new Uint8Array(count)),
  prove: (secret, text) => hmac(sha256, secret, encoder.encode(text)) as Uint8Array<ArrayBuffer>,
};
