/** Loaded first. Garbage is collected in simulated worlds when they say so: when a real one is, no seed can tell. */

class NeverCollected<T> {
  register(_target: WeakKey, _held: T, _token?: WeakKey): void {}

  unregister(_token: WeakKey): boolean {
    return false;
  }

  get [Symbol.toStringTag](): "FinalizationRegistry" {
    return "FinalizationRegistry";
  }
}

globalThis.FinalizationRegistry = NeverCollected;
