const SENT = 150;
const KEPT = 2_000;

/** Ids of tasks that were taken on. The newest of them go along with each poll, as many as its query holds. */
export class KnownTasks {
  readonly #ids = new Set<string>();

  /** False when the id was there already. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    if (this.#ids.size > KEPT) this.#ids.delete(this.#ids.values().next().value!);
    return true;
  }

  /** The next poll brings the task again, while it is open. */
  forget(id: string): void {
    this.#ids.delete(id);
  }

  text(): string {
    // 12 digits an id at most fit 150 times into the 2,000 characters of the query.
    return [...this.#ids].slice(-SENT).join(',');
  }
}
