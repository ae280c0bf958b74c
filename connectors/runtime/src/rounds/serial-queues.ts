/** Work by key: one after the other under one key, side by side under different ones. Work must not throw. */
export class SerialQueues {
  readonly #tails = new Map<string, Promise<void>>();

  add(key: string, work: () => Promise<void>): void {
    const tail = (this.#tails.get(key) ?? Promise.resolve()).then(work);
    this.#tails.set(key, tail);
    const forget = () => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    };
    void tail.then(forget, forget);
  }

  /** Resolves when the work that is there now under this key is done. */
  async done(key: string): Promise<void> {
    await this.#tails.get(key);
  }

  async idle(): Promise<void> {
    await Promise.allSettled(this.#tails.values());
  }
}
