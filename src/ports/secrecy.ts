/** Secrecy: chance that nobody can guess, and a way to prove that one knows a secret without saying it. */

export interface Secrecy {
  /** So many bytes by chance. */
  random(count: number): Uint8Array<ArrayBuffer>;
  /** HMAC-SHA256: 32 bytes that only those can tell who know `secret`. */
  prove(secret: Uint8Array, text: string): Uint8Array<ArrayBuffer>;
}
