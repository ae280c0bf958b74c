/**
 * Round half to even. Below 2^51 the sum with 1.5·2^52 leaves no fraction bits, so the processor rounds as wanted; from
 * there on half integers can still occur until 2^52 and are decided by parity.
 */
export function roundHalfEven(z: number): number {
  if (Math.abs(z) < 2 ** 51) return z + MAGIC - MAGIC + 0;
  const floor = Math.floor(z);
  const rest = z - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

const MAGIC = 1.5 * 2 ** 52;
