const MAGIC = 1.5 * 2 ** 52;

/** |z| < 2^51 by the addition trick (section 23); larger values of the sums here are below 2^53. */
export function roundHalfEven(z: number): number {
  if (Math.abs(z) < 2 ** 51) return z + MAGIC - MAGIC + 0;
  const floor = Math.floor(z);
  const rest = z - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
