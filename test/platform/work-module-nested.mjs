// What the module of the cases imports itself.
export const nested = (x) => ({ nested: x });
