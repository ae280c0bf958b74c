/** Integer square root, rounded down. */
export function isqrt(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** Integer square root, rounded up. */
export function ceilSqrt(value: bigint): bigint {
  const root = isqrt(value);
  return root * root === value ? root : root + 1n;
}

/** 8·ceilSqrt(n·sigma2): room for the sum of n discrete Gaussians (section 4). */
export function noiseTail(n: number, sigma2: bigint): bigint {
  return 8n * ceilSqrt(BigInt(n) * sigma2);
}

/** Largest coordinate clip that fits the ring; may be negative when the noise alone does not fit. */
export function largestLinf(bits: number, n: number, sigma2: bigint): bigint {
  const room = (1n << BigInt(bits - 1)) - 1n - noiseTail(n, sigma2);
  return (room < 0n ? -1n : room / BigInt(n)) - 1n;
}

/** Bound on Σq² after rounding (section 16): `record` allows for any rounding, `tenant` may round again. */
export function normBound2(unit: 'tenant' | 'record', clipQ: number, dim: number): bigint {
  const c = BigInt(clipQ);
  const d = BigInt(dim);
  const unconditional = (c + ceilSqrt(d)) ** 2n;
  if (unit === 'record') return unconditional;
  const conditional = (4n * c * c + 4n * c + d + isqrt(4n * d)) / 4n;
  return conditional < unconditional ? conditional : unconditional;
}
