/** A .glb file as other programs write them: a pyramid in one colour. */

const POSITIONS = [
  [-1, 0, -1],
  [1, 0, -1],
  [1, 0, 1],
  [-1, 0, 1],
  [0, 1.5, 0],
];
const TRIANGLES = [
  [0, 4, 1],
  [1, 4, 2],
  [2, 4, 3],
  [3, 4, 0],
  [0, 1, 2],
  [0, 2, 3],
];

export function smallGlb(): Uint8Array<ArrayBuffer> {
  const corners = Buffer.from(new Float32Array(POSITIONS.flat()).buffer);
  const places = Buffer.from(new Uint16Array(TRIANGLES.flat()).buffer);
  const head = {
    asset: { version: "2.0" },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0 }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0 }, indices: 1, material: 0 }] }],
    materials: [{ pbrMetallicRoughness: { baseColorFactor: [0.8, 0.2, 0.1, 1] } }],
    accessors: [
      { bufferView: 0, componentType: 5126, count: POSITIONS.length, type: "VEC3", min: [-1, 0, -1], max: [1, 1.5, 1] },
      { bufferView: 1, componentType: 5123, count: TRIANGLES.length * 3, type: "SCALAR" },
    ],
    bufferViews: [
      { buffer: 0, byteOffset: 0, byteLength: corners.length },
      { buffer: 0, byteOffset: corners.length, byteLength: places.length },
    ],
    buffers: [{ byteLength: corners.length + places.length }],
  };
  const json = padded(Buffer.from(JSON.stringify(head)), " ");
  const binary = padded(Buffer.concat([corners, places]), "\0");
  const chunks = [words(json.length), Buffer.from("JSON"), json, words(binary.length), Buffer.from("BIN\0"), binary];
  const bytes = chunks.reduce((sum, { length }) => sum + length, 12);
  return new Uint8Array(Buffer.concat([Buffer.from("glTF"), words(2, bytes), ...chunks]));
}

function words(...numbers: readonly number[]): Buffer {
  return Buffer.from(new Uint32Array(numbers).buffer);
}

/** Chunks end at multiples of four. */
function padded(bytes: Buffer, filling: string): Buffer {
  return Buffer.concat([bytes, Buffer.from(filling.repeat((4 - (bytes.length % 4)) % 4))]);
}
