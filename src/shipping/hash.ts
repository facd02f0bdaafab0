/** A short name for a text or for bytes: fast, 64 bits wide, and no protection against anybody who looks for collisions. */
export function hash(data: string | Uint8Array | Uint32Array): string {
  let a = 0x9e3779b9 ^ data.length;
  let b = 0x85ebca6b ^ data.length;
  for (let i = 0; i < data.length; i++) {
    const unit = typeof data === "string" ? data.charCodeAt(i) : (data[i] as number);
    // Rotated each time: a product alone never carries a difference in high bits down to low ones.
    a = Math.imul(a ^ unit, 0xcc9e2d51);
    a = (a << 15) | (a >>> 17);
    b = Math.imul(b ^ unit, 0x1b873593);
    b = (b << 13) | (b >>> 19);
  }
  a = scatter(a + b);
  b = scatter(b + a);
  return spell(a + b) + spell(b);
}

/** Lets every bit of a word have its say in every other. */
function scatter(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}

function spell(word: number): string {
  return (word >>> 0).toString(36).padStart(7, "0");
}
