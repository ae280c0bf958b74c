/** Rows of one split: `x` row-major in the order of `columns`, NaN where an empty cell is allowed; `y` the label (0 or 1 if binary). */
export interface Rows {
  readonly rows: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** A tenant's data under one plan: checked against its contract, encoded, split. Values are as in the file, not standardised. */
export interface Dataset {
  /** `sha256:<hex>` of the file, the data version of a grant. */
  readonly digest: string;
  /** Design columns, for example `speed` and `phase=Climb`. */
  readonly columns: readonly string[];
  readonly train: Rows;
  readonly test: Rows;
}
